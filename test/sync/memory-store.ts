import type { WorldEvent } from '../../src/domain/event.ts';
import type { ConversationId } from '../../src/domain/ids.ts';
import type { Message, MessageSource } from '../../src/domain/message.ts';
import type { Span } from '../../src/domain/span.ts';
import type { StopReason } from '../../src/domain/stop-reason.ts';
import type { InstanceRecord, JobRecord, NewDeadLetter } from '../../src/runtime/store/step-transaction.ts';
import type { StoredSnapshot } from '../../src/runtime/stored-snapshot.ts';
import type { Scope, StoredConversation, StoredCounts, SyncTransaction } from '../../src/sync/store.ts';
import { MemoryWaiting } from './changes/memory-waiting.ts';
import { MemoryPeople } from './people/memory-people.ts';
import { MemoryCatchUps } from './schedules/memory-catch-ups.ts';

interface HeldMessage extends Message {
  readonly source: MessageSource;
  readonly deletedAt: number | null;
}

const COUNTED_NONE: StoredCounts = { stored: 0, duplicates: 0, updated: 0 };

const isUndatedEdit = (source: string, read: Message, known: Message, readAt: number): boolean =>
  source === 'sync' &&
  read.editedAt === null &&
  (known.editedAt === null || known.editedAt < readAt) &&
  read.type === known.type &&
  read.text !== known.text;

const editedWith = (held: HeldMessage, { type, text, payload, editedAt }: Message): HeldMessage => ({
  ...held,
  type,
  text,
  payload,
  editedAt,
});

/**
 * What the database holds of one instance, in memory, for tests that take thousands of steps. It does what the
 * contract of `SyncTransaction` says, and the store suites prove the same of the real ones.
 */
export class MemoryStore extends MemoryPeople implements SyncTransaction {
  readonly held = new Map<ConversationId, Map<string, HeldMessage>>();
  readonly spansHeld = new Map<ConversationId, readonly Span[]>();
  readonly conversations = new Map<string, StoredConversation>();
  readonly stopReasons = new Map<ConversationId, StopReason>();
  readonly jobs = new Map<string, JobRecord>();
  readonly actors = new Map<string, StoredSnapshot>();
  readonly published: WorldEvent[] = [];
  /** Pushes that wait, by id: why they could not be read. */
  readonly pushes = new Map<number, string | null>();
  readonly deadLetters: NewDeadLetter[] = [];
  #waiting = new MemoryWaiting();
  readonly catchingUp = new MemoryCatchUps(this.jobs);
  /** The last command that was run. */
  lastSeq = 0;
  record: InstanceRecord = { state: 'stopped', account: null, error: null, wanted: false };

  /** Another one with the same rows: what a transaction writes to until it commits. */
  copy(): MemoryStore {
    const copy = new MemoryStore();
    this.copyPeopleInto(copy);
    for (const [id, messages] of this.held) copy.held.set(id, new Map(messages));
    for (const [id, spans] of this.spansHeld) copy.spansHeld.set(id, spans);
    for (const [id, one] of this.conversations) copy.conversations.set(id, one);
    for (const [id, reason] of this.stopReasons) copy.stopReasons.set(id, reason);
    for (const [id, job] of this.jobs) copy.jobs.set(id, job);
    for (const [id, actor] of this.actors) copy.actors.set(id, actor);
    copy.published.push(...this.published);
    for (const [id, failure] of this.pushes) copy.pushes.set(id, failure);
    copy.deadLetters.push(...this.deadLetters);
    copy.#waiting = this.#waiting.copy();
    copy.catchingUp.catchUps.push(...this.catchingUp.catchUps);
    copy.lastSeq = this.lastSeq;
    copy.record = this.record;
    return copy;
  }

  /** The messages held of a conversation, those marked deleted included. */
  messagesOf(conversationId: ConversationId): ReadonlyMap<string, HeldMessage> {
    return this.held.get(conversationId) ?? new Map();
  }

  #inScope({ channelId, conversationIds }: Scope): readonly StoredConversation[] {
    return [...this.conversations.values()]
      .filter((one) => channelId === null || one.externalId === channelId || one.parentExternalId === channelId)
      .filter((one) => conversationIds === null || conversationIds.includes(one.id))
      .sort((a, b) => a.ordinal - b.ordinal);
  }

  readonly upsertConversations: SyncTransaction['upsertConversations'] = async (_instanceId, listed) => {
    for (const one of listed) {
      const known = this.conversations.get(one.externalId);
      const ordinal = known?.ordinal ?? this.conversations.size + 1;
      this.conversations.set(one.externalId, {
        id: known?.id ?? (`00000000-0000-4000-8000-${String(ordinal).padStart(12, '0')}` as ConversationId),
        ordinal,
        externalId: one.externalId,
        parentExternalId: one.parentExternalId,
        name: one.name,
        createdAt: one.createdAt ?? known?.createdAt ?? null,
        newest: 'newest' in one ? one.newest : known?.newest,
        unreadable: one.unreadable,
      });
    }
    return listed.length;
  };

  readonly removeConversations: SyncTransaction['removeConversations'] = async (_instanceId, externalIds) => {
    for (const [externalId, { parentExternalId }] of this.conversations) {
      if (externalIds.includes(externalId) || externalIds.includes(parentExternalId ?? '')) {
        this.conversations.delete(externalId);
      }
    }
  };

  readonly saveBookmarks = async (): Promise<void> => {};

  readonly conversation: SyncTransaction['conversation'] = async (_instanceId, externalId) =>
    this.conversations.get(externalId) ?? null;

  readonly conversationsAfter: SyncTransaction['conversationsAfter'] = async (_instanceId, scope, ordinal, limit) =>
    this.#inScope(scope)
      .filter((one) => one.ordinal > ordinal)
      .slice(0, limit);

  readonly conversationsByOrdinal: SyncTransaction['conversationsByOrdinal'] = async (_instanceId, ordinals) =>
    this.#inScope({ channelId: null, conversationIds: null }).filter((one) => ordinals.includes(one.ordinal));

  readonly countConversations: SyncTransaction['countConversations'] = async (_instanceId, scope) =>
    this.#inScope(scope).length;

  readonly spans: SyncTransaction['spans'] = async (conversationId) => this.spansHeld.get(conversationId) ?? [];

  readonly spansOf: SyncTransaction['spansOf'] = async (ids) =>
    new Map(ids.flatMap((id) => (this.spansHeld.has(id) ? [[id, this.spansHeld.get(id) ?? []] as const] : [])));

  readonly replaceSpans: SyncTransaction['replaceSpans'] = async (conversationId, spans) => {
    this.spansHeld.set(conversationId, spans);
  };

  readonly setStopReason: SyncTransaction['setStopReason'] = async (conversationId, reason) => {
    this.stopReasons.set(conversationId, reason);
  };

  readonly setUnreadable: SyncTransaction['setUnreadable'] = async (conversationId, unreadable) => {
    for (const [externalId, one] of this.conversations) {
      if (one.id === conversationId) this.conversations.set(externalId, { ...one, unreadable });
    }
  };

  readonly upsertMessages: SyncTransaction['upsertMessages'] = async (
    _instanceId,
    conversationId,
    source,
    messages,
    _at,
    readAt = 0,
  ) => {
    const held = this.held.get(conversationId) ?? new Map<string, HeldMessage>();
    this.held.set(conversationId, held);
    let counts = COUNTED_NONE;
    for (const message of messages) {
      const known = held.get(message.externalId);
      if (known === undefined) {
        held.set(message.externalId, { ...message, source, deletedAt: null });
        counts = { ...counts, stored: counts.stored + 1 };
      } else if ((message.editedAt ?? 0) > (known.editedAt ?? 0) || isUndatedEdit(source, message, known, readAt)) {
        held.set(message.externalId, { ...known, ...message, editedAt: message.editedAt ?? known.editedAt });
        counts = { ...counts, updated: counts.updated + 1 };
      } else counts = { ...counts, duplicates: counts.duplicates + 1 };
    }
    return counts;
  };

  readonly isRead: SyncTransaction['isRead'] = async (conversationId, externalId) => {
    const held = this.messagesOf(conversationId).get(externalId);
    return held !== undefined && held.type !== 'unknown';
  };

  readonly applyEdits: SyncTransaction['applyEdits'] = async (conversationId, messages, told) => {
    const held = this.held.get(conversationId);
    const known = messages.filter((message) => held?.has(message.externalId));
    for (const edit of known) {
      const before = held?.get(edit.externalId);
      if (before === undefined) continue;
      const age = (edit.editedAt ?? 0) - (before.editedAt ?? 0);
      if (age > 0 || (age === 0 && told === 'live')) held?.set(edit.externalId, editedWith(before, edit));
    }
    return known.map(({ externalId }) => externalId);
  };

  readonly conversationsWithWaiting = async (): Promise<readonly string[]> => this.#waiting.conversations;

  readonly keepWaiting: SyncTransaction['keepWaiting'] = async (_instanceId, conversation, changes, at) =>
    this.#waiting.keep(conversation, changes, at);

  readonly moveWaiting: SyncTransaction['moveWaiting'] = async (_instanceId, alias, externalId) =>
    this.#waiting.move(alias, externalId);

  readonly applyWaiting: SyncTransaction['applyWaiting'] = async (_instanceId, { id, externalId }, readAt) => {
    const held = this.held.get(id);
    for (const [messageId, message] of held ?? []) {
      const waiting = this.#waiting.take(externalId, messageId);
      if (waiting === null) continue;
      const { edit, since } = waiting;
      const isNews = edit !== null && since >= (readAt ?? 0) && (edit.editedAt ?? 0) >= (message.editedAt ?? 0);
      held?.set(messageId, {
        ...(isNews ? editedWith(message, edit) : message),
        deletedAt: message.deletedAt ?? waiting.deletedAt,
      });
    }
  };

  readonly markDeleted: SyncTransaction['markDeleted'] = async (conversationId, externalIds, at) => {
    const held = this.held.get(conversationId);
    return externalIds.filter((id) => {
      const message = held?.get(id);
      if (message !== undefined && message.deletedAt === null) held?.set(id, { ...message, deletedAt: at });
      return message !== undefined;
    });
  };

  readonly markMissing: SyncTransaction['markMissing'] = async (conversationId, reading, at) => {
    const held = this.held.get(conversationId) ?? new Map<string, HeldMessage>();
    const { olderThan, newerThan, present } = reading;
    for (const [id, message] of held) {
      const isThere = present.includes(id) || message.deletedAt !== null;
      const isInside = message.timestamp > newerThan && message.timestamp < olderThan;
      if (!isThere && isInside) held.set(id, { ...message, deletedAt: at });
    }
  };

  readonly finishCommand: SyncTransaction['finishCommand'] = async (_instanceId, { seq }) => {
    if (seq !== this.lastSeq + 1) throw new Error(`Command ${seq} is run after ${this.lastSeq}`);
    this.lastSeq = seq;
  };

  readonly lockCatchUp = this.catchingUp.lock;
  readonly saveCatchUp = this.catchingUp.save;
  readonly acceptOwn = this.catchingUp.accept;

  readonly addDeadLetter: SyncTransaction['addDeadLetter'] = async (dead) => {
    this.deadLetters.push(dead);
  };

  readonly saveInstance: SyncTransaction['saveInstance'] = async (_instanceId, record) => {
    this.record = record;
  };

  readonly parkInstance: SyncTransaction['parkInstance'] = async (_instanceId, error) => {
    this.record = { ...this.record, state: 'error', error };
  };

  readonly endSession = async (): Promise<void> => {};

  readonly pushesWait: SyncTransaction['pushesWait'] = async () => false;
  readonly finishPush: SyncTransaction['finishPush'] = async (id) => {
    this.pushes.delete(id);
  };

  readonly failPush: SyncTransaction['failPush'] = async (id, failure) => {
    this.pushes.set(id, failure);
    return false;
  };

  readonly postponePush: SyncTransaction['postponePush'] = async (id, failure) => {
    this.pushes.set(id, failure);
  };

  readonly resolveAliases: SyncTransaction['resolveAliases'] = async (_instanceId, externalIds) =>
    new Map(
      externalIds.flatMap((alias) => {
        const externalId = this.aliases.get(alias);
        return externalId === undefined ? [] : [[alias, externalId] as const];
      }),
    );

  readonly conversationsNamed: SyncTransaction['conversationsNamed'] = async (_instanceId, externalIds) =>
    externalIds.filter((externalId) => this.conversations.has(externalId));

  readonly bringOver: SyncTransaction['bringOver'] = async () => {
    for (const messages of this.held.values()) {
      for (const [id, message] of messages) {
        const senderId = this.aliases.get(message.senderId ?? '');
        if (senderId !== undefined) messages.set(id, { ...message, senderId });
      }
    }
    return false;
  };

  readonly mergeConversations: SyncTransaction['mergeConversations'] = async (_instanceId, alias, externalId) => {
    const gone = this.conversations.get(alias);
    if (gone === undefined) return null;
    this.conversations.delete(alias);
    const kept = this.conversations.get(externalId);
    if (kept === undefined) {
      this.conversations.set(externalId, { ...gone, externalId });
      return null;
    }
    this.held.set(kept.id, new Map([...this.messagesOf(gone.id), ...this.messagesOf(kept.id)]));
    this.held.delete(gone.id);
    this.spansHeld.delete(gone.id);
    return { gone: gone.id, kept: kept.id };
  };

  readonly accountHolder = async (): Promise<null> => null;

  readonly saveActor: SyncTransaction['saveActor'] = async (_instanceId, actorId, snapshot) => {
    this.actors.set(actorId, snapshot);
  };

  readonly saveJob: SyncTransaction['saveJob'] = async (record) => {
    this.jobs.set(record.jobId, record);
  };

  readonly failJob: SyncTransaction['failJob'] = async (jobId, errorMessage, completedAt) => {
    const job = this.jobs.get(jobId);
    if (job !== undefined) this.jobs.set(jobId, { ...job, status: 'failed', errorMessage, completedAt });
  };

  readonly publish: SyncTransaction['publish'] = async (_instanceId, _channel, events) => {
    this.published.push(...events);
  };
}
