import { toIso } from '../../domain/instant.ts';
import type { TraceEntry } from '../messaging/inspection.ts';
import type { Transition } from '../step/deliver.ts';

/** Transitions that an instance remembers. */
const KEPT = 200;

/** The last transitions of an instance's actors, oldest first. */
export class Trace {
  #entries: TraceEntry[] = [];

  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

  add(transitions: readonly Transition[], at: number): void {
    const instant = toIso(at);
    const added = transitions.map((transition) => ({ at: instant, ...transition }));
    this.#entries = [...this.#entries, ...added].slice(-KEPT);
  }
}
