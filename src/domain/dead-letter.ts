import { Schema } from 'effect';
import { Command } from './command.ts';
import { InstanceId } from './ids.ts';

/** A command that failed for good, as the API shows it. Times in ISO 8601. */
export const DeadLetterView = Schema.Struct({
  id: Schema.String,
  instanceId: InstanceId,
  command: Command,
  reason: Schema.String,
  attempts: Schema.Number,
  at: Schema.String,
});
export type DeadLetterView = typeof DeadLetterView.Type;
