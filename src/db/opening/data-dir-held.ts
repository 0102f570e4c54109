import { Data, Schema } from 'effect';

export const DataDirHolder = Schema.Struct({
  pid: Schema.Number,
  host: Schema.String,
  /** ISO 8601 */
  startedAt: Schema.String,
});
export type DataDirHolder = typeof DataDirHolder.Type;

/**
 * Another process works with this DATA_DIR; two would corrupt it. The message names the holder, if it says who it is.
 */
export class DataDirHeld extends Data.TaggedError('DataDirHeld')<{
  readonly message: string;
  readonly holder: DataDirHolder | null;
}> {}
