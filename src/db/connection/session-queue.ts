import { StoreUnavailable } from '../../domain/errors.ts';

/** Who asks for a session: an instance's own work (steps, loads, the vault), or anybody else (the API, the node). */
export type Asker = 'instances' | 'others';

interface Waiting {
  readonly begin: () => void;
  readonly giveUp: (reason: string) => void;
}

export interface SessionQueueOptions {
  /** How many sessions there are. */
  readonly sessions: number;
  /** How many of them instances leave to the others. */
  readonly kept: number;
  /** How long the others wait for a session, ms. */
  readonly patienceMs: number;
  /** How long nothing may come back before instances are told that there is no session for them, ms. */
  readonly stalledMs: number;
}

/**
 * Who waits for a session of the pool waits here, so that the pool's own time-out is that of opening one. Instances
 * wait for as long as it takes: thousands of them may want to commit at the same moment, and to wait is not the
 * database's fault. They are told only when nothing moves at all any more. The others have some sessions that no
 * instance takes, and where they need more, they and the instances take turns; somebody waits for their answer, so
 * their patience ends. Within each the order is that of coming.
 */
export class SessionQueue {
  readonly #options: SessionQueueOptions;
  readonly #waiting: Readonly<Record<Asker, Set<Waiting>>> = { instances: new Set(), others: new Set() };
  readonly #held: Record<Asker, number> = { instances: 0, others: 0 };
  #last: Asker = 'instances';
  #stalled: NodeJS.Timeout | null = null;

  constructor(options: SessionQueueOptions) {
    this.#options = options;
  }

  /** Runs `work`, which takes one session, when it is its turn. Rejects with `StoreUnavailable` if it never was. */
  async run<A>(asker: Asker, work: () => Promise<A>): Promise<A> {
    await this.#turn(asker);
    try {
      return await work();
    } finally {
      this.#held[asker]--;
      this.#stalled?.refresh();
      this.#callNext();
    }
  }

  #turn(asker: Asker): Promise<void> | undefined {
    if (this.#waiting[asker].size === 0 && this.#hasRoomFor(asker)) {
      this.#held[asker]++;
      return undefined;
    }
    return asker === 'instances' ? this.#wait(asker) : this.#waitImpatiently(asker);
  }

  #wait(asker: Asker): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (reason: string) =>
        reject(new StoreUnavailable({ cause: new Error(reason), nothingWasAsked: true }));
      this.#waiting[asker].add({ begin: resolve, giveUp });
      this.#stalled ??= setTimeout(() => this.#tellInstances(), this.#options.stalledMs);
    });
  }

  #waitImpatiently(asker: Asker): Promise<void> {
    return new Promise((resolve, reject) => {
      const cause = new Error('All sessions are busy');
      const patience = setTimeout(() => {
        this.#waiting[asker].delete(waiting);
        reject(new StoreUnavailable({ cause, nothingWasAsked: true }));
      }, this.#options.patienceMs);
      const begin = () => {
        clearTimeout(patience);
        resolve();
      };
      const waiting = { begin, giveUp: () => {} };
      this.#waiting[asker].add(waiting);
    });
  }

  #hasRoomFor(asker: Asker): boolean {
    const { sessions, kept } = this.#options;
    const { instances, others } = this.#held;
    return instances + others < sessions && (asker === 'others' || instances < sessions - kept);
  }

  #callNext(): void {
    for (let asker = this.#next(); asker !== null; asker = this.#next()) {
      const [waiting] = this.#waiting[asker];
      if (waiting === undefined) return;
      this.#waiting[asker].delete(waiting);
      this.#held[asker]++;
      this.#last = asker;
      waiting.begin();
    }
    if (this.#waiting.instances.size === 0) this.#forgetStall();
  }

  #next(): Asker | null {
    const order: readonly Asker[] = this.#last === 'instances' ? ['others', 'instances'] : ['instances', 'others'];
    return order.find((asker) => this.#waiting[asker].size > 0 && this.#hasRoomFor(asker)) ?? null;
  }

  #tellInstances(): void {
    const told = [...this.#waiting.instances];
    this.#waiting.instances.clear();
    this.#forgetStall();
    for (const { giveUp } of told) giveUp('No session of the database came back');
  }

  #forgetStall(): void {
    if (this.#stalled !== null) clearTimeout(this.#stalled);
    this.#stalled = null;
  }
}
