import { newSyncJob } from '../../../machines/sync-job.ts';
import type { MessageWalk } from '../../../machines/sync-job-context.ts';
import type { Anchor } from '../../../src/domain/anchor.ts';
import type { ConversationId, InstanceId, JobId } from '../../../src/domain/ids.ts';
import type { JobConfig } from '../../../src/domain/job.ts';
import type { Message } from '../../../src/domain/message.ts';
import type { Span } from '../../../src/domain/span.ts';
import { Leftovers } from '../../../src/sync/arriving/leftovers.ts';
import { storeLive } from '../../../src/sync/arriving/store-live.ts';
import { storePush } from '../../../src/sync/arriving/store-push.ts';
import { RecentChanges } from '../../../src/sync/changes/recent-changes.ts';
import { WaitingChanges } from '../../../src/sync/changes/waiting-changes.ts';
import { findNextWalk } from '../../../src/sync/reading/next-walk.ts';
import { endOf } from '../../../src/sync/reading/page-end.ts';
import { storeMessagePage } from '../../../src/sync/reading/store-page.ts';
import { MemoryStore } from '../memory-store.ts';
import { CHAT, type Manner, PhoneModel } from './phone-model.ts';

const INSTANCE = 'instance' as InstanceId;
const NO_OBSTACLES = { walkedByOthers: new Set<string>(), resting: new Map<string, number>() };
const MOST_PAGES = 1_000;

/** What a push may tell besides spans. */
const NOTHING_ELSE = { changes: [], isLive: false, contacts: [], aliases: [], problems: [] };

/** One chat, its phone, and jobs that read it through the real arithmetic of spans. */
export class PhoneWorld {
  readonly phone: PhoneModel;
  readonly store = new MemoryStore();
  readonly #changes = new RecentChanges();
  readonly #waiting = new WaitingChanges();
  now = 1_000_000_000;
  asked = 0;
  #stream = 0;
  #pushes = 0;

  constructor(ids: () => string) {
    this.phone = new PhoneModel(ids);
  }

  get conversationId(): ConversationId {
    return this.store.conversations.get(CHAT.externalId)?.id ?? ('none' as ConversationId);
  }

  get spans(): readonly Span[] {
    return this.store.spansHeld.get(this.conversationId) ?? [];
  }

  holds(message: Message): boolean {
    return this.store.messagesOf(this.conversationId).has(message.externalId);
  }

  #live() {
    const { store: tx, now: at } = this;
    const [changes, waiting, leftovers] = [this.#changes, this.#waiting, new Leftovers()];
    return {
      tx,
      instanceId: INSTANCE,
      channel: 'whatsapp' as const,
      hasAliases: true,
      changes,
      waiting,
      leftovers,
      at,
    };
  }

  /** A message comes in; a crash between its receipt and the step loses it, and begins another stream. */
  async post(isLost: boolean): Promise<void> {
    const message = this.phone.post(this.now);
    if (isLost) this.#stream += 1;
    else
      await storeLive(this.#live(), {
        type: 'messagesArrived',
        continuity: `stream ${this.#stream}`,
        messages: [{ conversation: CHAT, message }],
      });
  }

  async push(from: number, to: number): Promise<void> {
    const history = { spans: [this.phone.push(from, to)], ...NOTHING_ELSE };
    const settled = (): void => {};
    await storePush(this.#live(), { type: 'pushRead', pushId: ++this.#pushes, history, settled });
  }

  /** What the phone answered when nobody waited for it any more: there is nothing older. */
  async lateEnd(): Promise<void> {
    const end = { conversation: CHAT, messages: [], malformed: [], atStart: true };
    const history = { spans: [end], ...NOTHING_ELSE };
    await storePush(this.#live(), { type: 'pushRead', pushId: ++this.#pushes, history, settled: () => {} });
  }

  /** A job from beginning to end; the phone answers each request as `manner` says. */
  async sync(window: Pick<JobConfig, 'since' | 'until'>, limit: number, manner: () => Manner): Promise<void> {
    const config: JobConfig = {
      type: 'messages',
      depth: null,
      channelId: null,
      conversationIds: null,
      refresh: false,
      ...window,
    };
    for (let walked = 0; ; walked++) {
      if (walked > MOST_PAGES) throw new Error(`The job finds stretches for ever: ${JSON.stringify(this.spans)}`);
      const next = await findNextWalk(this.store, {
        instanceId: INSTANCE,
        config,
        from: 0,
        deferred: [],
        obstacles: NO_OBSTACLES,
        continuity: null,
        readsBelow: 'held',
        at: this.now,
      });
      if (next.type !== 'walkChosen') return;
      if (!(await this.#walk(config, { ...next.walk, run: '' }, limit, manner))) return;
    }
  }

  /** False when the phone kept silent. */
  async #walk(config: JobConfig, chosen: MessageWalk, limit: number, manner: () => Manner): Promise<boolean> {
    let walk = chosen;
    const job = newSyncJob('job' as JobId, config);
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      this.asked += 1;
      const page = this.phone.page(this.#anchor(walk.before), limit, manner());
      if (page === null) return false;
      await storeMessagePage({ ...this.#live(), job, readsBelow: 'held' }, walk, page, null);
      if (endOf(walk, page) !== null) return true;
      walk = { ...walk, before: page.oldest };
    }
    throw new Error('The walk goes on for ever');
  }

  /** As the store finds one: that very message, otherwise the oldest one above. */
  #anchor(before: Anchor | null): string {
    const held = [...this.store.messagesOf(this.conversationId).values()].sort((a, b) => a.timestamp - b.timestamp);
    const found =
      before === null
        ? held.at(-1)
        : (held.find(({ externalId }) => externalId === before.id) ??
          held.find(({ timestamp }) => (before.id === null ? timestamp >= before.at : timestamp > before.at)));
    if (found === undefined) throw new Error(`There is nothing to go on from at ${JSON.stringify(before)}`);
    return found.externalId;
  }
}
