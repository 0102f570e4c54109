import { Effect, Scope } from 'effect';
import type { InstanceId } from '../../domain/ids.ts';
import type { Fence } from '../fence.ts';
import type { InstanceProcess } from '../instance/instance-process.ts';
import type { Mailbox } from '../messaging/mailbox.ts';
import { partitionOf } from '../partition.ts';
import { insist } from '../perpetual.ts';
import type { ProcessSetting } from '../process-setting.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import { PartitionRun } from './partition-run.ts';

/** The partitions that this node owns, each with its instances. */
export class OwnedPartitions<Tx extends StepTransaction> {
  readonly #owned = new Map<number, PartitionRun<Tx>>();
  /** Put down, and not at their end yet: their instances finish a step, and are connected meanwhile. */
  readonly #stopping = new Set<PartitionRun<Tx>>();
  readonly #setting: ProcessSetting<Tx>;
  readonly #mailbox: Mailbox;
  readonly #scope: Scope.Scope;
  readonly #run: (effect: Effect.Effect<void>) => unknown;

  private constructor(
    setting: ProcessSetting<Tx>,
    mailbox: Mailbox,
    scope: Scope.Scope,
    run: (effect: Effect.Effect<void>) => unknown,
  ) {
    this.#setting = setting;
    this.#mailbox = mailbox;
    this.#scope = scope;
    this.#run = run;
  }

  /** None yet. When the scope closes every instance finishes its step and stops. */
  static make<Tx extends StepTransaction>(
    setting: ProcessSetting<Tx>,
    mailbox: Mailbox,
  ): Effect.Effect<OwnedPartitions<Tx>, never, Scope.Scope> {
    return Effect.gen(function* () {
      const context = yield* Effect.context<never>();
      const scope = yield* Scope.fork(yield* Effect.scope, 'parallel');
      return new OwnedPartitions(setting, mailbox, scope, Effect.runForkWith(context));
    });
  }

  get numbers(): readonly number[] {
    return [...this.#owned.keys()];
  }

  get fences(): readonly Fence[] {
    return [...this.#owned.values()].map(({ fence }) => fence);
  }

  get processes(): readonly InstanceProcess<Tx>[] {
    return [...this.#owned.values()].flatMap((partition) => partition.processes);
  }

  /** Stops an instance after the step it is in. */
  halt(id: InstanceId): Effect.Effect<void> {
    return Effect.suspend(() => this.of(id)?.halt(id) ?? Effect.void);
  }

  of(id: InstanceId): PartitionRun<Tx> | null {
    return this.#owned.get(partitionOf(id)) ?? null;
  }

  /** Brings the instances of partitions that were just claimed to life. */
  take(fences: readonly Fence[]): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      if (fences.length === 0) return;
      const { store, log } = this.#setting;
      for (const fence of fences) {
        const fenced = (partition: PartitionRun<Tx>) => this.#run(this.#drop(partition));
        const partition = yield* PartitionRun.start(fence, this.#mailbox, this.#setting, this.#scope, fenced);
        this.#owned.set(fence.partition, partition);
      }
      const partitions = fences.map(({ partition }) => partition);
      const ids = yield* insist('finding instances to restore', store.instancesToRestore(partitions), log);
      log.info(
        { partitions: fences.length, instances: ids.length },
        'Partitions taken; bringing their instances to life.',
      );
      const byPartition = Map.groupBy(ids, partitionOf);
      for (const { partition } of fences) this.#owned.get(partition)?.restore(byPartition.get(partition) ?? []);
    });
  }

  /** Stops some partitions, each instance after the step it is in, and gives their fences for release. */
  putDown(numbers: readonly number[]): Effect.Effect<readonly Fence[]> {
    return Effect.gen({ self: this }, function* () {
      const partitions = numbers.flatMap((number) => this.#owned.get(number) ?? []);
      yield* Effect.forEach(partitions, (partition) => this.#drop(partition), {
        concurrency: 'unbounded',
        discard: true,
      });
      return partitions.map(({ fence }) => fence);
    });
  }

  putDownAll(): Effect.Effect<readonly Fence[]> {
    return Effect.suspend(() => this.putDown(this.numbers));
  }

  /**
   * The lease is lost. What touches the platform ends at once; each instance ends after the step it is in, which may
   * hang for as long as the database does, and nobody waits for that.
   */
  abandonAll(): Effect.Effect<void> {
    return Effect.suspend(() => this.#abandon([...this.#owned.values(), ...this.#stopping]));
  }

  /** Those are lost: the same for them alone. */
  abandon(numbers: readonly number[]): Effect.Effect<void> {
    return Effect.suspend(() => this.#abandon(numbers.flatMap((number) => this.#owned.get(number) ?? [])));
  }

  #abandon(partitions: readonly PartitionRun<Tx>[]): Effect.Effect<void> {
    const processes = partitions.flatMap((partition) => partition.processes);
    for (const partition of partitions) this.#run(this.#drop(partition));
    return Effect.forEach(processes, ({ abandon }) => abandon, { concurrency: 'unbounded', discard: true });
  }

  #drop(partition: PartitionRun<Tx>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { fence } = partition;
      if (this.#owned.get(fence.partition) === partition) this.#owned.delete(fence.partition);
      this.#stopping.add(partition);
      return Effect.ensuring(
        partition.stop(),
        Effect.sync(() => this.#stopping.delete(partition)),
      );
    });
  }
}
