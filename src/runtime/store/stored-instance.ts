import type { ChannelName } from '../../domain/channel-name.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { JobConfig } from '../../domain/job.ts';
import type { StoredSnapshot } from '../stored-snapshot.ts';
import type { InstanceRecord } from './step-transaction.ts';

/** Everything that one instance needs to be restored, read in one go. */
export interface StoredInstance {
  readonly id: InstanceId;
  readonly name: string;
  readonly channel: ChannelName;
  readonly partition: number;
  /** What lists show of it. */
  readonly record: InstanceRecord;
  /** The last command that was run (or given up). */
  readonly lastSeq: number;
  /** How often the command after that is known to have begun; 0: nobody had to count, or there is none. */
  readonly openAttempts: number;
  /** The instance's own actors by actor id (`instance`, `rate-limit`); empty on a first start. */
  readonly actors: ReadonlyMap<string, StoredSnapshot>;
  /** Its unfinished jobs, oldest first. A job that no step has seen yet has no snapshot. */
  readonly jobs: readonly StoredJob[];
}

export interface StoredJob {
  readonly jobId: JobId;
  readonly config: JobConfig;
  readonly snapshot: StoredSnapshot | null;
}
