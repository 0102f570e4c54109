import { Chance, mix } from '../chance.ts';
import type { FaultAim, FaultHandle, RestFault, Strike } from './fault.ts';

export interface Aimed {
  readonly route: string;
  readonly channelId: string | null;
  readonly guildId: string | null;
}

/** A fault that strikes a request now. `released` settles when a held answer may go. */
export interface StruckFault {
  readonly fault: RestFault;
  readonly released: Promise<void>;
}

interface Planned {
  readonly fault: RestFault;
  readonly aim: FaultAim;
  readonly chance: Chance;
  readonly strikes: Strike[];
  readonly waiting: { readonly nth: number; readonly resolve: (strike: Strike) => void }[];
  readonly released: PromiseWithResolvers<void>;
  seen: number;
}

/** The plan of what goes wrong. The first fault that matches strikes; one strike per request. */
export class RestFaults {
  readonly #seed: number;
  readonly #now: () => number;
  readonly #planned = new Set<Planned>();
  #added = 0;

  constructor(seed: number, now: () => number) {
    this.#seed = seed;
    this.#now = now;
  }

  add(fault: RestFault, aim: FaultAim = {}): FaultHandle {
    this.#added += 1;
    const planned: Planned = {
      fault,
      aim,
      chance: new Chance(mix(this.#seed, this.#added, 5)),
      strikes: [],
      waiting: [],
      released: Promise.withResolvers(),
      seen: 0,
    };
    this.#planned.add(planned);
    return {
      get count() {
        return planned.strikes.length;
      },
      strikes: planned.strikes,
      struck: (nth = 1) => {
        const already = planned.strikes[nth - 1];
        if (already !== undefined) return Promise.resolve(already);
        return new Promise((resolve) => planned.waiting.push({ nth, resolve }));
      },
      release: () => planned.released.resolve(),
      remove: () => {
        this.#planned.delete(planned);
        planned.released.resolve();
      },
    };
  }

  /** Ends every fault and lets go of what is held. */
  clear(): void {
    for (const planned of this.#planned) planned.released.resolve();
    this.#planned.clear();
  }

  strike(request: Aimed): StruckFault | null {
    for (const planned of this.#planned) {
      if (!this.#strikes(planned, request)) continue;
      this.#record(planned, request);
      return { fault: planned.fault, released: planned.released.promise };
    }
    return null;
  }

  #strikes(planned: Planned, request: Aimed): boolean {
    const { aim, chance, strikes } = planned;
    if (aim.route !== undefined && aim.route !== request.route) return false;
    if (aim.channelId !== undefined && aim.channelId !== request.channelId) return false;
    if (aim.guildId !== undefined && aim.guildId !== request.guildId) return false;
    planned.seen += 1;
    if (planned.seen <= (aim.skip ?? 0) || strikes.length >= timesOf(aim)) return false;
    return aim.probability === undefined || chance.next() < aim.probability;
  }

  #record(planned: Planned, { route, channelId }: Aimed): void {
    const strike = { at: this.#now(), route, channelId };
    planned.strikes.push(strike);
    for (const { nth, resolve } of planned.waiting) if (nth === planned.strikes.length) resolve(strike);
  }
}

const timesOf = ({ times, probability }: FaultAim): number =>
  times ?? (probability === undefined ? 1 : Number.POSITIVE_INFINITY);
