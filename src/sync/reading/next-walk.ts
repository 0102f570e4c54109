import type { NextWalk } from '../../../machines/sync-job-events.ts';
import type { ChannelTraits } from '../../channels/channel.ts';
import type { ConversationId, InstanceId } from '../../domain/ids.ts';
import type { JobConfig } from '../../domain/job.ts';
import type { Scope, StoredConversation, SyncTransaction } from '../store.ts';
import { nextStretch, nextStretchBelow, type Stretch } from './stretch.ts';

/** What a job has to look past: conversations that others read or that the platform wants left alone. */
export interface Obstacles {
  readonly walkedByOthers: ReadonlySet<string>;
  /** Conversation -> instant (ms) until which it rests. */
  readonly resting: ReadonlyMap<string, number>;
}

/** How far a job's search through its conversations has come. */
export interface Search {
  readonly instanceId: InstanceId;
  readonly config: JobConfig;
  readonly from: number;
  readonly deferred: readonly number[];
  readonly obstacles: Obstacles;
  /** The live connection's; null while there is none. */
  readonly continuity: string | null;
  readonly readsBelow: ChannelTraits['readsBelow'];
  /** ms */
  readonly at: number;
}

/** Conversations looked at in one query. */
const BATCH = 500;
/** Conversations looked at in one step: a step is a transaction, and others wait for it. */
const MOST_PER_STEP = 2_000;

interface Found {
  from: number;
  passed: number;
  deferred: number[];
  errors: { conversationId: string; externalId: string; reason: string; message: string }[];
  /** Conversations of which nothing is held, where the platform can be asked for none of them. */
  unanchored: ConversationId[];
}

type Verdict = 'pass' | 'defer' | { readonly conversation: StoredConversation; readonly stretch: Stretch };

export const scopeOf = (config: JobConfig): Scope => ({
  channelId: config.channelId,
  conversationIds: config.conversationIds,
});

/** Finds the next stretch that a job has to read, in the order of the conversations, deferred ones last. */
export const findNextWalk = async (tx: SyncTransaction, search: Search): Promise<NextWalk> => {
  const found: Found = {
    from: search.from,
    passed: 0,
    deferred: [...search.deferred],
    errors: [],
    unanchored: [],
  };
  const next = await find(tx, search, found);
  for (const id of found.unanchored) await tx.setStopReason(id, 'no_anchor', search.at);
  return next;
};

const find = async (tx: SyncTransaction, search: Search, found: Found): Promise<NextWalk> => {
  for (let looked = 0; looked < MOST_PER_STEP; ) {
    const batch = await tx.conversationsAfter(search.instanceId, scopeOf(search.config), found.from - 1, BATCH);
    if (batch.length === 0) return findDeferred(tx, search, found);
    const walk = await look(tx, search, found, batch);
    if (walk !== null) return walk;
    looked += batch.length;
  }
  const { from, passed, deferred, errors } = found;
  return { type: 'searchPaused', from, passed, deferred, errors };
};

/** Looks at conversations in order; ends at the first that has something to read. */
const look = async (
  tx: SyncTransaction,
  search: Search,
  found: Found,
  batch: readonly StoredConversation[],
): Promise<NextWalk | null> => {
  const judge = await judgeOf(tx, search, batch);
  for (const conversation of batch) {
    const verdict = judge(conversation, found);
    if (typeof verdict === 'object') return chosen(search, { ...found, from: conversation.ordinal }, verdict);
    found.from = conversation.ordinal + 1;
    if (verdict === 'pass') found.passed++;
    else found.deferred.push(conversation.ordinal);
  }
  return null;
};

const findDeferred = async (tx: SyncTransaction, search: Search, found: Found): Promise<NextWalk> => {
  const { from, passed, errors } = found;
  if (found.deferred.length === 0) return { type: 'nothingLeft', from, passed, errors };
  const batch = await tx.conversationsByOrdinal(search.instanceId, found.deferred);
  const judge = await judgeOf(tx, search, batch);
  const left: number[] = [];
  let gone = 0;
  for (const conversation of batch) {
    const verdict = judge(conversation, found);
    if (typeof verdict === 'object') {
      const seen = new Set(batch.slice(0, batch.indexOf(conversation)).map(({ ordinal }) => ordinal));
      const rest = found.deferred.filter((ordinal) => !seen.has(ordinal) || left.includes(ordinal));
      return chosen(search, { ...found, passed: passed + gone, deferred: rest }, verdict);
    }
    if (verdict === 'pass') gone++;
    else left.push(conversation.ordinal);
  }
  if (left.length === 0) return { type: 'nothingLeft', from, passed: passed + gone, errors };
  const blocked = batch.filter(({ ordinal }) => left.includes(ordinal));
  return { type: 'allBlocked', from, deferred: left, passed: passed + gone, errors, ...whatBlocks(search, blocked) };
};

const whatBlocks = (search: Search, blocked: readonly StoredConversation[]) => {
  const { walkedByOthers, resting } = search.obstacles;
  const untils = blocked.map(({ id }) => resting.get(id)).filter((until) => until !== undefined);
  const until = untils.length === 0 ? null : Math.min(...untils);
  const walked = blocked.find(({ id }) => walkedByOthers.has(id));
  if (walked !== undefined) {
    return { what: 'walk' as const, until, detail: `Another job is reading ${walked.name ?? walked.externalId}.` };
  }
  const first = blocked[0];
  return {
    what: 'cooldown' as const,
    until,
    detail: `The platform asked for a pause in ${first?.name ?? first?.externalId ?? 'a conversation'}.`,
  };
};

const judgeOf = async (tx: SyncTransaction, search: Search, batch: readonly StoredConversation[]) => {
  const spans = await tx.spansOf(batch.map(({ id }) => id));
  return (conversation: StoredConversation, found: Found): Verdict => {
    if (conversation.unreadable !== null) {
      const { id, externalId, unreadable } = conversation;
      found.errors.push({ conversationId: id, externalId, reason: 'no_access', message: unreadable });
      return 'pass';
    }
    const held = spans.get(conversation.id) ?? [];
    if (search.readsBelow === 'held' && held.length === 0) {
      found.errors.push(withoutAnchor(conversation));
      found.unanchored.push(conversation.id);
      return 'pass';
    }
    const stretch =
      search.readsBelow === 'held'
        ? nextStretchBelow(held, search.config)
        : nextStretch(conversation, held, search.config, search.continuity);
    if (stretch === null) return 'pass';
    return isBlocked(search.obstacles, conversation.id) ? 'defer' : { conversation, stretch };
  };
};

const withoutAnchor = ({ id, externalId }: StoredConversation) => ({
  conversationId: id,
  externalId,
  reason: 'no_anchor',
  message: 'No message of it is known yet, so there is nothing to read back from. The next message in it changes that.',
});

const isBlocked = ({ walkedByOthers, resting }: Obstacles, id: ConversationId): boolean =>
  walkedByOthers.has(id) || resting.has(id);

const chosen = (
  search: Search,
  { from, passed, deferred, errors }: Omit<Found, 'unanchored'>,
  { conversation, stretch }: Exclude<Verdict, string>,
): NextWalk => ({
  type: 'walkChosen',
  from,
  passed,
  deferred,
  errors,
  walk: {
    kind: 'messages',
    conversationId: conversation.id,
    ordinal: conversation.ordinal,
    externalId: conversation.externalId,
    name: conversation.name,
    before: stretch.before,
    top: stretch.before,
    newest: conversation.newest ?? null,
    floor: stretch.floor,
    since: search.config.since,
    startsAt: Math.max(conversation.createdAt ?? 0, search.config.since),
  },
});
