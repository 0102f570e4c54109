import { randomUUID } from 'node:crypto';
import type { CatchUp } from '../../../src/domain/catch-up.ts';
import type { Letter } from '../../../src/domain/command.ts';
import type { CommandId, InstanceId, JobId } from '../../../src/domain/ids.ts';
import { ACTIVE_STATUSES, type JobConfig, type JobStatus } from '../../../src/domain/job.ts';
import type { JobRecord } from '../../../src/runtime/store/step-transaction.ts';
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
  readonly #jobs: ReadonlyMap<string, JobRecord>;

  constructor(jobs: ReadonlyMap<string, JobRecord>) {
    this.#jobs = jobs;
  }

  #statusOf(id: JobId): JobStatus {
    return this.#jobs.get(id)?.status ?? 'pending';
  }

  #hasReadMessages(id: JobId): boolean {
    const parts = this.#jobs.get(id)?.progress.parts ?? [];
    return (
      this.#statusOf(id) === 'completed' &&
      !parts.some(({ part, status }) => part === 'messages' && status === 'failed')
    );
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
      last: last === undefined ? null : { ...last, hasReadMessages: this.#hasReadMessages(last.jobId) },
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
