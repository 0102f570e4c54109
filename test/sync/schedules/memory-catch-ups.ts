import { randomUUID } from 'node:crypto';
import type { CatchUp } from '../../../src/domain/catch-up.ts';
import type { Letter } from '../../../src/domain/command.ts';
import type { CommandId, InstanceId, JobId } from '../../../src/domain/ids.ts';
import { ACTIVE_STATUSES, type JobConfig, type JobStatus } from '../../../src/domain/job.ts';
import type { SyncTransaction } from '../../../src/sync/store.ts';

/** What is known of the commands of an instance when a step begins. */
export interface MemoryMailbox {
  readonly nextSeq: number;
  readonly configs: ReadonlyMap<JobId, JobConfig>;
}

/** Catch-ups, and the command with which one begins, in memory. */
export class MemoryCatchUps {
  readonly catchUps: CatchUp[] = [];
  mailbox: MemoryMailbox = { nextSeq: 1, configs: new Map() };
  /** The command that the present step adds. */
  own: Letter | null = null;
  readonly #statusOf: (id: JobId) => JobStatus;

  constructor(statusOf: (id: JobId) => JobStatus) {
    this.#statusOf = statusOf;
  }

  #isBusy(): boolean {
    return [...this.mailbox.configs].some(
      ([id, { type, channelId, conversationIds }]) =>
        (type === 'messages' || type === 'all') &&
        channelId === null &&
        conversationIds === null &&
        ACTIVE_STATUSES.some((status) => status === this.#statusOf(id)),
    );
  }

  readonly lock: SyncTransaction['lockCatchUp'] = async () => {
    const last = this.catchUps.at(-1);
    return {
      isBusy: this.#isBusy(),
      last: last === undefined ? null : { ...last, isCompleted: this.#statusOf(last.jobId) === 'completed' },
    };
  };

  readonly save: SyncTransaction['saveCatchUp'] = async (_instanceId, catchUp) => {
    this.catchUps.push(catchUp);
  };

  readonly accept: SyncTransaction['acceptOwn'] = async (instanceId: InstanceId, command) => {
    this.own = { commandId: randomUUID() as CommandId, instanceId, seq: this.mailbox.nextSeq, command };
    return this.own;
  };
}
