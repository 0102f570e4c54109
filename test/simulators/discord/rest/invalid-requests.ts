/** Answers of 401, 403 and 429 in 10 minutes after which Cloudflare bans the address.
 *  https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans */
export const INVALID_REQUEST_LIMIT = 10_000;
const WINDOW_MS = 600_000;

/** Counts what gets an address banned. 429s of scope `shared` do not count. */
export class InvalidRequests {
  readonly limit: number;
  readonly #now: () => number;
  #instants: number[] = [];

  constructor(limit: number, now: () => number) {
    this.limit = limit;
    this.#now = now;
  }

  note(status: number, headers: Readonly<Record<string, string>>): void {
    if (status !== 401 && status !== 403 && status !== 429) return;
    if (headers['x-ratelimit-scope'] !== 'shared') this.#instants.push(this.#now());
  }

  /** In the last 10 minutes. */
  get count(): number {
    const since = this.#now() - WINDOW_MS;
    const first = this.#instants.findIndex((at) => at > since);
    this.#instants = first === -1 ? [] : first === 0 ? this.#instants : this.#instants.slice(first);
    return this.#instants.length;
  }

  get banned(): boolean {
    return this.#instants.length >= this.limit && this.count >= this.limit;
  }
}
