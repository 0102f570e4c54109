import type { Fault, FaultAim, FaultKind, FaultOf } from './fault.ts';

export interface FaultHandle {
  readonly id: number;
  /** How often it struck. */
  readonly count: number;
  /** When it struck for the n-th time (from 1). */
  readonly struck: (nth?: number) => Promise<void>;
  readonly remove: () => void;
}

interface Planted {
  readonly id: number;
  readonly fault: Fault;
  readonly aim: FaultAim;
  toSkip: number;
  left: number;
  count: number;
  readonly waiting: { readonly nth: number; readonly resolve: () => void }[];
}

/** Everything that is planted to go wrong. */
export class Faults {
  #planted: Planted[] = [];
  #nextId = 1;

  add(fault: Fault, aim: FaultAim = {}): FaultHandle {
    const planted: Planted = {
      id: this.#nextId++,
      fault,
      aim,
      toSkip: aim.skip ?? 0,
      left: aim.times ?? 1,
      count: 0,
      waiting: [],
    };
    this.#planted.push(planted);
    return {
      id: planted.id,
      get count() {
        return planted.count;
      },
      struck: (nth = 1) =>
        planted.count >= nth
          ? Promise.resolve()
          : new Promise((resolve) => planted.waiting.push({ nth, resolve: () => resolve() })),
      remove: () => this.remove(planted.id),
    };
  }

  remove(id: number): void {
    this.#planted = this.#planted.filter((planted) => planted.id !== id);
  }

  clear(): void {
    this.#planted = [];
  }

  list(): readonly { readonly id: number; readonly fault: Fault; readonly aim: FaultAim; readonly count: number }[] {
    return this.#planted.map(({ id, fault, aim, count }) => ({ id, fault, aim, count }));
  }

  /** The fault that strikes on this occasion, null if none does. `at`: which moment, where a fault names one. */
  take<K extends FaultKind>(
    kind: K,
    on: { readonly phoneNumber: string } | null,
    at: (moment: string) => boolean = () => true,
    chat: string | null = null,
  ): FaultOf<K> | null {
    for (const planted of this.#planted) {
      const { fault, aim } = planted;
      if (fault.kind !== kind || planted.left === 0) continue;
      if (aim.account !== undefined && aim.account !== on?.phoneNumber) continue;
      if (aim.chat !== undefined && aim.chat !== chat) continue;
      if (fault.kind === 'close' && !at(fault.at)) continue;
      if (fault.kind === 'query' && !at(fault.on)) continue;
      if (planted.toSkip > 0) {
        planted.toSkip -= 1;
        continue;
      }
      planted.left -= 1;
      planted.count += 1;
      for (const { nth, resolve } of planted.waiting) if (planted.count >= nth) resolve();
      return fault as FaultOf<K>;
    }
    return null;
  }
}
