import type { LoggedRequest } from '../simulators/discord/request-log.ts';

/** Which pages of messages the platform was asked for, and how often one was asked for again after a kill. */
export class PageReads {
  readonly #asked = new Set<string>();
  readonly #againAfterKill: number[] = [0];

  note({ method, route, channelId, query }: LoggedRequest): void {
    if (method !== 'GET' || route !== '/channels/:channelId/messages') return;
    const page = `${channelId} ${new URLSearchParams(query).get('before') ?? 'newest'}`;
    if (this.#asked.has(page)) this.#againAfterKill.push((this.#againAfterKill.pop() ?? 0) + 1);
    this.#asked.add(page);
  }

  killed(): void {
    this.#againAfterKill.push(0);
  }

  get distinct(): number {
    return this.#asked.size;
  }

  get again(): number {
    return this.#againAfterKill.reduce((sum, count) => sum + count, 0);
  }

  /** The most after any one kill. */
  get mostAgain(): number {
    return Math.max(...this.#againAfterKill);
  }
}
