import type { JobId } from './ids.ts';

/** A sync that an instance has begun by itself, once for each unbroken stream of live messages. Times in ms. */
export interface CatchUp {
  readonly continuity: string;
  readonly begunAt: number;
  /** How far back it was to reach. */
  readonly since: number;
  readonly jobId: JobId;
}
