import type { NextWalk } from '../../../machines/sync-job-events.ts';
import type { ChannelTraits } from '../../channels/channel.ts';
import type { ConversationId, InstanceId } from '../../domain/ids.ts';
import type { JobConfig } from '../../domain/job.ts';
import type { Span } from '../../domain/span.ts';
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

type ErrorNote = NextWalk['errors'][number];

/** What a search has found out so far. */
interface Found {
  readonly from: number;
  readonly passed: number;
  readonly deferred: readonly number[];
  readonly errors: readonly ErrorNote[];
  /** Conversations of which nothing is held, where the platform can be asked for none of them. */
  readonly unanchored: readonly ConversationId[];
}

type Verdict =
  | { readonly kind: 'pass'; readonly error?: ErrorNote; readonly isUnanchored?: true }
  | { readonly kind: 'defer' }
  | { readonly kind: 'read'; readonly stretch: Stretch };

type Judged = Verdict & { readonly conversation: StoredConversation };
type JudgedTo<Kind extends Verdict['kind']> = Extract<Judged, { kind: Kind }>;

export const scopeOf = (config: JobConfig): Scope => ({
  channelId: config.channelId,
  conversationIds: config.conversationIds,
});

/** Finds the next stretch that a job has to read, in the order of the conversations, deferred ones last. */
export const findNextWalk = async (tx: SyncTransaction, search: Search): Promise<NextWalk> => {
  const { next, unanchored } = await find(tx, search);
  for (const id of unanchored) await tx.setStopReason(id, 'no_anchor', search.at);
  return next;
};

interface Answer extends Pick<Found, 'unanchored'> {
  readonly next: NextWalk;
}

const find = async (tx: SyncTransaction, search: Search): Promise<Answer> => {
  let found: Found = { from: search.from, passed: 0, deferred: search.deferred, errors: [], unanchored: [] };
  for (let looked = 0; looked < MOST_PER_STEP; ) {
    const batch = await tx.conversationsAfter(search.instanceId, scopeOf(search.config), found.from - 1, BATCH);
    const last = batch.at(-1);
    if (last === undefined) return findDeferred(tx, search, found);
    const judged = await judge(tx, search, batch);
    const walk = judged.find(isToRead);
    found = { ...withVerdicts(found, judged), from: walk?.conversation.ordinal ?? last.ordinal + 1 };
    if (walk !== undefined) return chosen(search, found, walk);
    looked += batch.length;
  }
  const { unanchored, ...rest } = found;
  return { next: { type: 'searchPaused', ...rest }, unanchored };
};

const findDeferred = async (tx: SyncTransaction, search: Search, before: Found): Promise<Answer> => {
  const batch = before.deferred.length === 0 ? [] : await tx.conversationsByOrdinal(search.instanceId, before.deferred);
  const judged = await judge(tx, search, batch);
  const found = withVerdicts({ ...before, deferred: [] }, judged);
  const walk = judged.find(isToRead);
  if (walk !== undefined) {
    const passed = new Set(judged.filter(isPassed).map(({ conversation }) => conversation.ordinal));
    return chosen(search, { ...found, deferred: before.deferred.filter((ordinal) => !passed.has(ordinal)) }, walk);
  }
  const { unanchored, deferred, ...rest } = found;
  if (deferred.length === 0) return { next: { type: 'nothingLeft', ...rest }, unanchored };
  const blocked = judged.filter(isDeferred).map(({ conversation }) => conversation);
  return { next: { type: 'allBlocked', ...rest, deferred, ...whatBlocks(search, blocked) }, unanchored };
};

const isToRead = (one: Judged): one is JudgedTo<'read'> => one.kind === 'read';
const isPassed = (one: Judged): one is JudgedTo<'pass'> => one.kind === 'pass';
const isDeferred = (one: Judged): one is JudgedTo<'defer'> => one.kind === 'defer';

const withVerdicts = (found: Found, judged: readonly Judged[]): Found => {
  const passed = judged.filter(isPassed);
  const deferred = judged.filter(isDeferred);
  return {
    ...found,
    passed: found.passed + passed.length,
    deferred: [...found.deferred, ...deferred.map(({ conversation }) => conversation.ordinal)],
    errors: [...found.errors, ...passed.flatMap(({ error }) => error ?? [])],
    unanchored: [
      ...found.unanchored,
      ...passed.flatMap(({ conversation, isUnanchored }) => (isUnanchored ? [conversation.id] : [])),
    ],
  };
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

/** Judges conversations in order, up to the first that has something to read. */
const judge = async (
  tx: SyncTransaction,
  search: Search,
  batch: readonly StoredConversation[],
): Promise<readonly Judged[]> => {
  const spans = batch.length === 0 ? new Map() : await tx.spansOf(batch.map(({ id }) => id));
  const judged: Judged[] = [];
  for (const conversation of batch) {
    const verdict = verdictOn(search, conversation, spans.get(conversation.id) ?? []);
    judged.push({ conversation, ...verdict });
    if (verdict.kind === 'read') break;
  }
  return judged;
};

const verdictOn = (search: Search, conversation: StoredConversation, held: readonly Span[]): Verdict => {
  const { id, externalId, unreadable } = conversation;
  if (unreadable !== null) {
    return { kind: 'pass', error: { conversationId: id, externalId, reason: 'no_access', message: unreadable } };
  }
  if (search.readsBelow === 'held' && held.length === 0) {
    return { kind: 'pass', error: withoutAnchor(conversation), isUnanchored: true };
  }
  const stretch =
    search.readsBelow === 'held'
      ? nextStretchBelow(held, search.config)
      : nextStretch(conversation, held, search.config, search.continuity);
  if (stretch === null) return { kind: 'pass' };
  return isBlocked(search.obstacles, id) ? { kind: 'defer' } : { kind: 'read', stretch };
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
  { config }: Search,
  { unanchored, ...found }: Found,
  { conversation, stretch }: JudgedTo<'read'>,
): Answer => ({
  unanchored,
  next: {
    type: 'walkChosen',
    ...found,
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
      since: config.since,
      startsAt: Math.max(conversation.createdAt ?? 0, config.since),
    },
  },
});
