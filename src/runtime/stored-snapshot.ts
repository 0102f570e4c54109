import { Schema } from 'effect';

/**
 * An actor's machine state as it is persisted. `value` and `context` are checked against the machine before a restore.
 */
export const StoredSnapshot = Schema.Struct({
  machine: Schema.String,
  version: Schema.Number,
  value: Schema.Unknown,
  context: Schema.Unknown,
});
export type StoredSnapshot = typeof StoredSnapshot.Type;
