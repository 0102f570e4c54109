/** One request as it came in; it never carries a token. */
export interface LoggedRequest {
  /** When it arrived, ms. */
  readonly at: number;
  readonly method: string;
  /** The route's template, or the path where none matched. */
  readonly route: string;
  readonly channelId: string | null;
  readonly query: string;
  /** The address by which it came, `host:port`: tells clients apart that come through proxies of their own. */
  readonly host: string | null;
  readonly status: number;
}

export type RequestKind = 'messages' | 'others';

const MESSAGES = '/channels/:channelId/messages';
const REMEMBERED = 5_000;

const increment = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** What clients asked: the last requests in full, all of them as counts and instants. */
export class RequestLog {
  readonly byRoute = new Map<string, number>();
  /** Reads of messages, by channel. */
  readonly messagesByChannel = new Map<string, number>();
  readonly byStatus = new Map<number, number>();
  /** When each request arrived, ms. */
  readonly instants: Readonly<Record<RequestKind, number[]>> = { messages: [], others: [] };
  /** Reads that the bot's permissions forbid: a good client looks at them first, and asks for none. */
  forbidden = 0;
  readonly #recent: LoggedRequest[] = [];
  readonly #listeners = new Set<(request: LoggedRequest) => void>();
  #next = 0;

  get total(): number {
    return this.instants.messages.length + this.instants.others.length;
  }

  /** The last 5,000, oldest first. */
  get recent(): readonly LoggedRequest[] {
    return [...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)];
  }

  add(request: LoggedRequest): void {
    this.#recent[this.#next] = request;
    this.#next = (this.#next + 1) % REMEMBERED;
    increment(this.byRoute, request.route);
    increment(this.byStatus, request.status);
    const kind = request.route === MESSAGES ? 'messages' : 'others';
    if (kind === 'messages' && request.channelId !== null) increment(this.messagesByChannel, request.channelId);
    this.instants[kind].push(request.at);
    for (const listener of this.#listeners) listener(request);
  }

  /** Called with each request once its answer is decided. Returns how to stop. */
  onRequest(listener: (request: LoggedRequest) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The most requests of a kind in any window of `windowMs`, half open: [t, t + windowMs). */
  most(kind: RequestKind, windowMs: number): number {
    const instants = this.instants[kind];
    let most = 0;
    let first = 0;
    for (let last = 0; last < instants.length; last++) {
      while ((instants[last] as number) - (instants[first] as number) >= windowMs) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  clear(): void {
    for (const counts of [this.byRoute, this.messagesByChannel, this.byStatus]) counts.clear();
    this.instants.messages.length = 0;
    this.instants.others.length = 0;
    this.forbidden = 0;
    this.#recent.length = 0;
    this.#next = 0;
  }
}
