import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import type { Command, Letter } from '../../src/domain/command.ts';
import { Contention, Fenced, StoreUnavailable } from '../../src/domain/errors.ts';
import type { CommandId, InstanceId, JobId } from '../../src/domain/ids.ts';
import { ACTIVE_STATUSES, type JobConfig } from '../../src/domain/job.ts';
import type { Fence } from '../../src/runtime/fence.ts';
import { PARTITIONS } from '../../src/runtime/fence.ts';
import { partitionOf } from '../../src/runtime/partition.ts';
import type { RuntimeStore } from '../../src/runtime/store/runtime-store.ts';
import type { StoredInstance } from '../../src/runtime/store/stored-instance.ts';
import type { SyncTransaction } from '../../src/sync/store.ts';
import { MemoryStore } from '../sync/memory-store.ts';

/** How a step's transaction can go wrong: before it commits, after it (nobody knows whether), or in its body. */
export type StepFault = 'contention' | 'away' | 'unknown' | 'defect';

interface Accepted {
  readonly letter: Letter;
  readonly at: number;
  attempts: number;
}

const jsonOf = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A;

/** The database of one instance in memory, with every fault that a transaction may meet. */
export class MemoryRuntimeStore implements RuntimeStore<SyncTransaction> {
  readonly instanceId: InstanceId;
  rows = new MemoryStore();
  /** Strike the next transactions, one each. */
  readonly faults: StepFault[] = [];
  /** Called with what was just committed. */
  onCommit: (rows: MemoryStore) => void = () => {};
  /** Whether this is still the right to commit. */
  isCurrent = (fence: Fence): boolean => fence.epoch === this.#epoch;
  readonly #commands: Accepted[] = [];
  readonly #configs = new Map<JobId, JobConfig>();
  #epoch = 0;
  #wanted = false;

  constructor(instanceId: InstanceId) {
    this.instanceId = instanceId;
  }

  /** Commits a command, as the API does. */
  submit(command: Command, at: number): Letter {
    const letter: Letter = {
      commandId: randomUUID() as CommandId,
      instanceId: this.instanceId,
      seq: this.#commands.length + 1,
      command,
    };
    this.#add(letter, at);
    return letter;
  }

  /** How many commands were accepted. */
  get accepted(): number {
    return this.#commands.length;
  }

  get jobIds(): readonly JobId[] {
    return [...this.#configs.keys()];
  }

  readonly step: RuntimeStore<SyncTransaction>['step'] = (fence, body) =>
    this.#transaction(fence, async () => {
      const rows = this.rows.copy();
      rows.catchingUp.mailbox = { nextSeq: this.#commands.length + 1, configs: this.#configs };
      const answer = await body(rows);
      return { rows, answer };
    });

  #transaction<A>(fence: Fence, body: () => Promise<{ readonly rows: MemoryStore; readonly answer: A }>) {
    return Effect.gen({ self: this }, function* () {
      if (!this.isCurrent(fence)) return yield* new Fenced(fence);
      const fault = this.faults.shift();
      if (fault === 'contention') return yield* new Contention({ cause: 'injected' });
      if (fault === 'away') return yield* new StoreUnavailable({ cause: 'injected' });
      if (fault === 'defect') return yield* Effect.die(new Error('injected'));
      const { rows, answer } = yield* Effect.promise(body);
      const { own } = rows.catchingUp;
      if (own !== null && !this.#take(own)) return yield* new Contention({ cause: 'another command came first' });
      this.rows = rows;
      this.#wanted = rows.record.wanted;
      this.onCommit(rows);
      return fault === 'unknown' ? yield* new StoreUnavailable({ cause: 'injected' }) : answer;
    });
  }

  /** A command that a step adds, unless another one took its number meanwhile. */
  #take(letter: Letter): boolean {
    if (letter.seq !== this.#commands.length + 1) return false;
    this.#add(letter, 0);
    return true;
  }

  #add(letter: Letter, at: number): void {
    const { command } = letter;
    this.#commands.push({ letter, at, attempts: 0 });
    if (command.type === 'startSync') this.#configs.set(command.jobId, command.config);
  }

  readonly load = (): Effect.Effect<StoredInstance> =>
    Effect.sync(() => ({
      id: this.instanceId,
      name: 'an instance',
      channel: 'discord' as const,
      partition: partitionOf(this.instanceId),
      lastSeq: this.rows.lastSeq,
      record: jsonOf(this.rows.record),
      openAttempts: this.#commands[this.rows.lastSeq]?.attempts ?? 0,
      actors: new Map([...this.rows.actors].map(([id, actor]) => [id, jsonOf(actor)])),
      jobs: this.jobIds.flatMap((jobId) => {
        const record = this.rows.jobs.get(jobId);
        const isActive = record === undefined || ACTIVE_STATUSES.some((status) => status === record.status);
        const config = this.#configs.get(jobId);
        return isActive && config !== undefined ? [{ jobId, config, snapshot: jsonOf(record?.snapshot ?? null) }] : [];
      }),
    }));

  readonly instancesToRestore = () => {
    const isOpen = this.#commands.length > this.rows.lastSeq;
    const isActive = [...this.rows.jobs.values()].some(({ status }) => ACTIVE_STATUSES.some((one) => one === status));
    return Effect.succeed(this.#wanted || isOpen || isActive ? [this.instanceId] : []);
  };

  readonly openCommands = (_id: InstanceId, afterSeq: number, limit: number) =>
    Effect.sync(() => this.#commands.map(({ letter }) => letter).slice(afterSeq, afterSeq + limit));

  readonly undelivered = (_partitions: readonly number[], before: number, limit: number) =>
    Effect.sync(() =>
      this.#commands
        .filter(({ letter, at }) => letter.seq > this.rows.lastSeq && at < before)
        .map(({ letter }) => letter)
        .slice(0, limit),
    );

  readonly beginAgain = (fence: Fence, { seq }: Letter) =>
    Effect.gen({ self: this }, function* () {
      if (!this.isCurrent(fence)) return yield* new Fenced(fence);
      const accepted = this.#commands.find(({ letter }) => letter.seq === seq);
      if (accepted === undefined) throw new Error('There is no such command');
      accepted.attempts = Math.max(accepted.attempts, 1) + 1;
      return accepted.attempts;
    });

  readonly removals = { toLetGo: () => Effect.succeed([]), letGo: () => Effect.void };

  readonly outbox = {
    unsent: () => Effect.succeed([]),
    markSent: () => Effect.void,
    since: () => Effect.succeed([]),
  };

  readonly leases = {
    renew: () => Effect.succeed({ databaseMs: 0, wasLive: true }),
    liveNodes: Effect.succeed(1),
    roster: Effect.succeed([]),
    needs: () => Effect.succeed([]),
    claim: () => Effect.succeed([]),
    claimAll: () =>
      Effect.sync(() => {
        this.#epoch += 1;
        return Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, epoch: this.#epoch }));
      }),
    release: () => Effect.void,
    disown: () => Effect.void,
    leave: () => Effect.void,
  };
}
