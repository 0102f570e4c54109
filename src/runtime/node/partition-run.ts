import { Effect, Exit, Fiber, Scope } from 'effect';
import type { Letter } from '../../domain/command.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Fence } from '../fence.ts';
import { InstanceProcess } from '../instance/instance-process.ts';
import type { Mailbox } from '../messaging/mailbox.ts';
import type { ProcessSetting } from '../process-setting.ts';
import type { Ending } from '../step/aftermath.ts';
import type { StepTransaction } from '../store/step-transaction.ts';

interface Running<Tx extends StepTransaction> {
  readonly process: InstanceProcess<Tx>;
  /** Null once it is parked: kept, so that people can see why. */
  fiber: Fiber.Fiber<void> | null;
}

/** The instances of one partition that live on this node, for as long as its fence holds. */
export class PartitionRun<Tx extends StepTransaction> {
  readonly fence: Fence;
  readonly #setting: ProcessSetting<Tx>;
  readonly #scope: Scope.Closeable;
  readonly #fenced: (partition: PartitionRun<Tx>) => void;
  readonly #fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>;
  readonly #running = new Map<InstanceId, Running<Tx>>();
  /** Until everything that the former owner has left open is here, it may have begun any command. */
  #isInherited = true;
  /** From then on nobody is brought to life: nobody would stop it. */
  #isStopping = false;

  private constructor(
    fence: Fence,
    setting: ProcessSetting<Tx>,
    scope: Scope.Closeable,
    fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>,
    fenced: (partition: PartitionRun<Tx>) => void,
  ) {
    this.fence = fence;
    this.#setting = setting;
    this.#scope = scope;
    this.#fork = fork;
    this.#fenced = fenced;
  }

  /**
   * Begins to take the partition's letters. `fenced` is called when a commit finds that another node has taken over.
   */
  static start<Tx extends StepTransaction>(
    fence: Fence,
    mailbox: Mailbox,
    setting: ProcessSetting<Tx>,
    parent: Scope.Scope,
    fenced: (partition: PartitionRun<Tx>) => void,
  ): Effect.Effect<PartitionRun<Tx>> {
    return Effect.gen(function* () {
      const scope = yield* Scope.fork(parent, 'parallel');
      const context = yield* Effect.context<never>();
      const fork = (effect: Effect.Effect<void>) => Effect.runForkWith(context)(effect);
      const partition = new PartitionRun(fence, setting, scope, fork, fenced);
      yield* Scope.addFinalizer(scope, partition.#stopAll());
      yield* mailbox
        .receive(fence, (letter) => partition.deliver(letter))
        .pipe(Effect.provideService(Scope.Scope, scope));
      return partition;
    });
  }

  get processes(): readonly InstanceProcess<Tx>[] {
    return [...this.#running.values()].map(({ process }) => process);
  }

  find(id: InstanceId): InstanceProcess<Tx> | null {
    return this.#running.get(id)?.process ?? null;
  }

  /** Brings every instance to life that the former owner has left something to do. */
  restore(ids: readonly InstanceId[]): void {
    for (const id of ids) this.#wake(id);
    this.#isInherited = false;
  }

  /** Brings an instance to life, if it does not live already. It reads its open commands itself. */
  #wake(id: InstanceId, isInherited = this.#isInherited): void {
    if (this.#isStopping || this.#running.has(id)) return;
    const process = new InstanceProcess(id, this.fence, this.#setting, isInherited);
    const running: Running<Tx> = { process, fiber: null };
    this.#running.set(id, running);
    running.fiber = this.#fork(
      process.run.pipe(
        Effect.tap((ending) => Effect.sync(() => this.#ended(id, running, ending))),
        Effect.asVoid,
      ),
    );
  }

  /** Stops an instance after the step it is in. */
  halt(id: InstanceId): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const fiber = this.#running.get(id)?.fiber ?? null;
      if (fiber !== null) yield* Fiber.interrupt(fiber);
      this.#running.delete(id);
    });
  }

  /** Stops everything of this partition, each instance after the step it is in. */
  stop(): Effect.Effect<void> {
    return Scope.close(this.#scope, Exit.void);
  }

  /**
   * A letter for one of its instances, which is brought to life if it does not live. While it stops: for the next
   * owner.
   */
  deliver(letter: Letter): void {
    const running = this.#running.get(letter.instanceId);
    if (running === undefined) this.#wake(letter.instanceId);
    else if (running.process.parked === null) running.process.offer(letter);
    else if (letter.command.type === 'connect') this.#tryAgain(letter.instanceId);
  }

  /** Somebody asks for a parked instance: whatever parked it may have been mended. What is open is as it was found. */
  #tryAgain(id: InstanceId): void {
    this.#running.delete(id);
    this.#wake(id, true);
  }

  #stopAll(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#isStopping = true;
      return Fiber.interruptAll([...this.#running.values()].flatMap(({ fiber }) => fiber ?? []));
    });
  }

  #ended(id: InstanceId, running: Running<Tx>, ending: Ending): void {
    running.fiber = null;
    if (ending === 'parked') return;
    this.#running.delete(id);
    if (ending === 'fenced') this.#fenced(this);
    // A letter may have come in between the last look and the end.
    else if (ending === 'idle' && running.process.mailboxDepth > 0) this.#wake(id);
  }
}
