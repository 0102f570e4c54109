/** A client of the service's API, as a user would write it: fetch, JSON, server-sent events. */

export interface JobShown {
  readonly jobId: string;
  readonly instanceId: string;
  readonly status: 'pending' | 'waiting' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';
  readonly progress: {
    readonly fetched: number;
    readonly stored: number;
    readonly duplicates: number;
    readonly updated: number;
    readonly malformed: number;
    readonly parts: readonly {
      readonly part: 'contacts' | 'groups' | 'messages';
      readonly status: 'pending' | 'running' | 'completed' | 'incomplete' | 'failed';
      readonly fetched: number;
      readonly stored: number;
      readonly duplicates: number;
      readonly updated: number;
      readonly gone: number;
    }[];
    readonly pages: number;
    readonly listingRequests: number;
    readonly conversationsDone: number;
    readonly conversationsTotal: number | null;
    readonly percent: number | null;
    readonly ratePerMinute: number;
    readonly etaMs: number | null;
    readonly current: string | null;
    readonly errorCount: number;
    readonly errors: readonly {
      readonly externalId: string | null;
      readonly reason: string;
      readonly message: string;
    }[];
  };
  readonly waitingFor: { readonly what: string; readonly until: string | null; readonly detail: string } | null;
  readonly errorMessage: string | null;
}

export interface InstanceShown {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly account: { readonly externalId: string; readonly name: string | null } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface EventShown {
  readonly id: string;
  readonly conversationId: string;
  readonly externalId: string;
  readonly senderId: string | null;
  readonly isFromMe: boolean;
  readonly text: string | null;
  readonly payload: unknown;
  readonly type: string;
  readonly timestamp: string;
  readonly editedAt: string | null;
  readonly deletedAt: string | null;
  readonly source: string;
}

export interface CoverageShown {
  readonly conversationId: string;
  readonly externalId: string;
  readonly spans: readonly {
    readonly from: string;
    readonly to: string;
    readonly oldestExternalId: string | null;
    readonly newestExternalId: string | null;
    readonly reachesStart: boolean;
    readonly live: boolean;
  }[];
  readonly gaps: readonly { readonly from: string | null; readonly to: string | null }[];
  readonly stopReason: string | null;
  readonly unreadable: string | null;
}

/** One server-sent event of a job. */
export interface JobEvent {
  readonly id: string | null;
  readonly name: string;
  readonly data: unknown;
}

export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** The id of an event; `0` asks for all of them. */
  readonly after?: string;
}

export class ApiRefused extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor(status: number, error: { readonly code: string; readonly message: string; readonly details?: unknown }) {
    super(`${status} ${error.code}: ${error.message}`);
    this.status = status;
    this.code = error.code;
    this.details = error.details;
  }
}

export const OVER: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

export const isOver = (job: JobShown): boolean => OVER.has(job.status);

export class ApiClient {
  readonly base: string;
  readonly #patienceMs: number | null;

  /** `origin` such as `http://127.0.0.1:8881`. Calls (not streams) are given up after `patienceMs`. */
  constructor(origin: string, patienceMs: number | null = null) {
    this.base = `${origin}/api/v2`;
    this.#patienceMs = patienceMs;
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.base}${path}`, {
      method,
      ...(this.#patienceMs === null ? {} : { signal: AbortSignal.timeout(this.#patienceMs) }),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    const answer: unknown = text === '' ? {} : JSON.parse(text);
    if (!response.ok)
      throw new ApiRefused(response.status, (answer as { error: ConstructorParameters<typeof ApiRefused>[1] }).error);
    return answer;
  }

  async data<A>(method: string, path: string, body?: unknown): Promise<A> {
    return ((await this.call(method, path, body)) as { data: A }).data;
  }

  /** Every item of a list, page after page. */
  async *list<A>(path: string, query: Record<string, string> = {}): AsyncGenerator<A> {
    let cursor: string | null = null;
    do {
      const parameters = new URLSearchParams({ limit: '500', ...query, ...(cursor === null ? {} : { cursor }) });
      const page = (await this.call('GET', `${path}?${parameters}`)) as { items: A[]; meta: { cursor: string | null } };
      yield* page.items;
      cursor = page.meta.cursor;
    } while (cursor !== null);
  }

  createInstance(token: string, name = 'bot'): Promise<InstanceShown> {
    return this.data('POST', '/instances', { name, channel: 'discord', token });
  }

  instance(id: string): Promise<InstanceShown> {
    return this.data('GET', `/instances/${id}`);
  }

  startSync(instanceId: string, request: Record<string, unknown>): Promise<{ readonly jobId: string }> {
    return this.data('POST', `/instances/${instanceId}/sync`, { type: 'messages', ...request });
  }

  job(instanceId: string, jobId: string): Promise<JobShown> {
    return this.data('GET', `/instances/${instanceId}/sync/${jobId}`);
  }

  /** Has no sync begin by itself, on connect or on schedule, for what is about a sync that was asked for. */
  async nothingByItself(): Promise<void> {
    await this.call('PATCH', '/settings', NOTHING_BY_ITSELF);
  }

  /** Opens the limiter, for what is not about rates; and has nothing begin by itself. */
  async openLimits(): Promise<void> {
    await this.call('PATCH', '/settings', {
      ...NOTHING_BY_ITSELF,
      'sync.discord.messagesPerMinute': 1_000_000,
      'sync.discord.contactsPerMinute': 1_000_000,
    });
  }

  /** The live stream of a job, until it is over or the connection ends; from the event after `after` on. */
  async *follow(instanceId: string, jobId: string, { signal, after }: FollowOptions = {}): AsyncGenerator<JobEvent> {
    const response = await fetch(`${this.base}/instances/${instanceId}/sync/${jobId}/events`, {
      ...(signal === undefined ? {} : { signal }),
      ...(after === undefined ? {} : { headers: { 'last-event-id': after } }),
    });
    if (response.body === null || !response.ok) throw new Error(`The event stream answered ${response.status}.`);
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== null) yield event;
      }
    }
  }

  /** Resolves with the job once it is over. */
  async finished(instanceId: string, jobId: string): Promise<JobShown> {
    for await (const _ of this.follow(instanceId, jobId)) {
      // The stream ends with the job.
    }
    return this.job(instanceId, jobId);
  }

  /** Starts a sync and resolves once it is over. */
  async sync(instanceId: string, request: Record<string, unknown> = {}): Promise<JobShown> {
    const { jobId } = await this.startSync(instanceId, request);
    return this.finished(instanceId, jobId);
  }

  /** Every stored message of an instance. */
  events(instanceId: string, query: Record<string, string> = {}): AsyncGenerator<EventShown> {
    return this.list<EventShown>('/events', { instanceId, ...query });
  }
}

const NOTHING_BY_ITSELF = {
  'sync.onConnect': false,
  'sync.contacts.scheduleEnabled': false,
  'sync.groups.scheduleEnabled': false,
} as const;

const parseEvent = (block: string): JobEvent | null => {
  const fields = new Map(
    block.split('\n').flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trimStart()] as const] : [];
    }),
  );
  const data = fields.get('data');
  return data === undefined
    ? null
    : { id: fields.get('id') ?? null, name: fields.get('event') ?? 'message', data: JSON.parse(data) };
};
