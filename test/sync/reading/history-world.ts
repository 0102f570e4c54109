import { newSyncJob } from '../../../machines/sync-job.ts';
import type { MessageWalk } from '../../../machines/sync-job-context.ts';
import type { MessagePage } from '../../../src/channels/channel.ts';
import type { Anchor } from '../../../src/domain/anchor.ts';
import type { ConversationId, InstanceId, JobId } from '../../../src/domain/ids.ts';
import type { JobConfig } from '../../../src/domain/job.ts';
import type { Span } from '../../../src/domain/span.ts';
import { Leftovers } from '../../../src/sync/arriving/leftovers.ts';
import { storeLive } from '../../../src/sync/arriving/store-live.ts';
import { RecentChanges } from '../../../src/sync/changes/recent-changes.ts';
import { findNextWalk } from '../../../src/sync/reading/next-walk.ts';
import { endOf } from '../../../src/sync/reading/page-end.ts';
import { storeMessagePage } from '../../../src/sync/reading/store-page.ts';
import { MemoryStore } from '../memory-store.ts';
import { ConversationModel, type PlatformMessage } from './platform-model.ts';

const INSTANCE = 'instance' as InstanceId;
const NO_OBSTACLES = { walkedByOthers: new Set<string>(), resting: new Map<string, number>() };

export interface Window {
  /** ms, inclusive */
  readonly since: number;
  readonly until: number | null;
  readonly refresh: boolean;
  readonly pageSize: number;
}

interface Walking {
  readonly walk: MessageWalk;
  /** Committed. */
  before: Anchor | null;
  /** Read, one page ahead of what is committed at most. */
  ahead: Anchor | null;
  readonly pages: MessagePage[];
  read: boolean;
}

/** Whether a span says that it holds a message. */
export const claims = ({ newest, oldest }: Span, { at, id }: PlatformMessage): boolean =>
  (newest.id === null ? at <= newest.at : Number(id) <= Number(newest.id)) &&
  (oldest.id === null ? at >= oldest.at : Number(id) >= Number(oldest.id));

/**
 * One conversation, a connection that comes and goes, and a job that reads it through the real arithmetic. What
 * arrives passes through one queue, as it does in an instance: live messages, changes of the connection, pages.
 */
export class HistoryWorld {
  readonly platform: ConversationModel;
  readonly store = new MemoryStore();
  readonly changes = new RecentChanges();
  now = 1_000_000;
  /** The supervisor's, as far as the queue was worked off. */
  continuity: string | null = null;
  /** The stream's own. */
  #stream: string | null = null;
  #streams = 0;
  #queue: (() => Promise<void>)[] = [];
  #window: Window | null = null;
  #config: JobConfig | null = null;
  #walking: Walking | null = null;
  #isListed = false;
  /** Stretches of the current job, each as it was begun. */
  #stretches = 0;

  constructor(tellsNewest: boolean) {
    this.platform = new ConversationModel('general', tellsNewest);
  }

  get conversationId(): ConversationId {
    return this.store.conversations.get('general')?.id ?? ('none' as ConversationId);
  }

  get spans(): readonly Span[] {
    return this.store.spansHeld.get(this.conversationId) ?? [];
  }

  /** No span ends above its beginning. */
  get isSound(): boolean {
    return this.spans.every(({ newest, oldest }) => oldest.at <= newest.at);
  }

  get isSyncing(): boolean {
    return this.#window !== null;
  }

  holds(message: PlatformMessage): boolean {
    return this.store.messagesOf(this.conversationId).has(message.id);
  }

  /** Somebody writes; told live while a connection is there. */
  post(): PlatformMessage {
    const message = this.platform.post(this.now);
    const continuity = this.#stream;
    if (continuity !== null) {
      const arrived = { type: 'messagesArrived' as const, continuity, messages: [this.platform.live(message)] };
      this.#queue.push(() => this.#live(arrived));
    }
    return message;
  }

  remove(nthNewest: number): void {
    const message = this.platform.alive.at(-1 - nthNewest);
    if (message === undefined) return;
    message.deleted = true;
    if (this.#stream === null) return;
    const deleted = { type: 'messagesDeleted' as const, conversationExternalId: 'general', externalIds: [message.id] };
    this.#queue.push(() => this.#live(deleted));
  }

  connect(): void {
    if (this.#stream === null) this.#begin();
  }

  /** The platform began a new session by itself, after a message that nobody told us of. */
  miss(): void {
    if (this.#stream === null) return;
    this.platform.post(this.now);
    this.#begin();
  }

  /** The connection is lost. A crash also loses what was still to be worked off. */
  disconnect(crash: boolean): void {
    this.#stream = null;
    if (crash) this.#queue = [];
    this.#queue.push(async () => {
      this.continuity = null;
      this.#rewind();
    });
  }

  /** Begins a job: it lists the conversation first, then reads what is missing. */
  begin(window: Window): void {
    if (this.#window !== null) return;
    this.#window = window;
    this.#isListed = false;
    this.#stretches = 0;
    const { since, until, refresh } = window;
    this.#config = {
      type: 'messages',
      depth: null,
      since,
      until: until !== null && until >= this.now ? null : until,
      channelId: null,
      conversationIds: null,
      refresh,
    };
  }

  /** The job's next request, if it may make one now. */
  request(): boolean {
    const window = this.#window;
    if (window === null || this.continuity === null || this.#stream === null) return false;
    if (!this.#isListed) return this.#list();
    const walking = this.#walking;
    if (walking === null || walking.read || walking.pages.length > 1) return false;
    const page = this.platform.page(walking.ahead, window.pageSize);
    walking.pages.push(page);
    walking.ahead = page.oldest;
    walking.read = endOf(walking.walk, page) !== null;
    const { continuity } = this;
    this.#queue.push(async () => {
      if (this.#walking === walking) await this.#storePage(walking, page, continuity);
    });
    return true;
  }

  /** Works off the oldest report. */
  async deliver(): Promise<boolean> {
    const next = this.#queue.shift();
    await next?.();
    return next !== undefined;
  }

  /** Until nothing is under way; the job is over then, if there is a connection. */
  async settle(): Promise<void> {
    for (let rounds = 0; (await this.deliver()) || this.request(); rounds++) {
      if (rounds > 2_000) throw new Error('the job goes on for ever');
    }
  }

  #begin(): void {
    const continuity = `stream-${++this.#streams}`;
    this.#stream = continuity;
    this.#queue.push(async () => {
      this.continuity = continuity;
    });
  }

  #storing() {
    const { store: tx, changes, now: at } = this;
    const [waiting, leftovers] = [null, new Leftovers()];
    return {
      tx,
      instanceId: INSTANCE,
      channel: 'discord' as const,
      hasAliases: false,
      changes,
      waiting,
      leftovers,
      at,
    };
  }

  #list(): boolean {
    this.#isListed = true;
    const listed = this.platform.listed();
    const window = this.#window;
    this.#queue.push(async () => {
      if (this.continuity === null || this.#window !== window) {
        this.#isListed = false;
        return;
      }
      await this.store.upsertConversations(INSTANCE, [listed], this.now);
      await this.#choose(null);
    });
    return true;
  }

  async #choose(last: MessageWalk | null): Promise<void> {
    if (this.#config === null) return;
    const from = last?.ordinal ?? 0;
    const next = await findNextWalk(this.store, {
      instanceId: INSTANCE,
      config: this.#config,
      deferred: [],
      obstacles: NO_OBSTACLES,
      from,
      continuity: this.continuity,
      readsBelow: 'anything',
      at: this.now,
    });
    const isOver = next.type !== 'walkChosen' || (this.#config.refresh && last !== null);
    if (isOver) {
      this.#window = null;
      this.#walking = null;
      return;
    }
    if (++this.#stretches > 50) throw new Error('the job finds stretches for ever');
    const walk = { ...next.walk, run: '' };
    if (last !== null && JSON.stringify([last.top, last.floor]) === JSON.stringify([walk.top, walk.floor])) {
      throw new Error(`the same stretch twice: ${JSON.stringify(walk)}, held: ${JSON.stringify(this.spans)}`);
    }
    this.#walking = { walk, before: walk.before, ahead: walk.before, pages: [], read: false };
  }

  async #storePage(walking: Walking, page: MessagePage, asked: string | null): Promise<void> {
    const { walk } = walking;
    if (this.#config === null) return;
    const job = newSyncJob('job' as JobId, this.#config);
    const live = asked === this.continuity ? asked : null;
    const storing = { ...this.#storing(), job, readsBelow: 'anything' as const };
    const committed = { ...walk, before: walking.before };
    const { before, ended } = await storeMessagePage(storing, committed, page, live);
    walking.pages.shift();
    walking.before = before ?? walking.before;
    if (ended !== null) await this.#choose(walk);
  }

  async #live(report: Parameters<typeof storeLive>[1]): Promise<void> {
    await storeLive(this.#storing(), report);
  }

  /** A lost connection ends the walk's run: it goes on from what is committed. */
  #rewind(): void {
    const walking = this.#walking;
    if (walking !== null)
      this.#walking = { walk: walking.walk, before: walking.before, ahead: walking.before, pages: [], read: false };
    else if (this.#window !== null) this.#isListed = false;
  }
}
