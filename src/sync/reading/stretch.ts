import type { Floor } from '../../../machines/sync-job-context.ts';
import type { Anchor } from '../../domain/anchor.ts';
import type { JobConfig } from '../../domain/job.ts';
import type { Span } from '../../domain/span.ts';
import type { StoredConversation } from '../store.ts';
import { isNewer } from './spans.ts';

/** A stretch to read: downwards from `before` (null: the newest message) until `floor` is reached. */
export interface Stretch {
  readonly before: Anchor | null;
  readonly floor: Floor;
}

type Wanted = Pick<JobConfig, 'since' | 'until' | 'refresh'>;

const sinceFloor = (wanted: Wanted): Floor => ({ at: wanted.since, id: null });

/** Reached when the upper bound of a span is: by that message, or by anything at or before its instant. */
const floorAbove = (span: Span | undefined, wanted: Wanted): Floor => {
  if (span === undefined || span.newest.at < wanted.since) return sinceFloor(wanted);
  return span.newest.id === null ? { at: span.newest.at + 1, id: null } : { at: span.newest.at, id: span.newest.id };
};

const top = (wanted: Wanted): Anchor | null => (wanted.until === null ? null : { at: wanted.until + 1, id: null });

/** Whether reading found nothing: both bounds are instants, and nothing older exists. */
const isEmpty = ({ newest, oldest, reachesStart }: Span): boolean =>
  reachesStart && newest.id === null && oldest.id === null;

/**
 * Whether a span holds everything up to the newest message there is: it is live, or the platform names none newer. That
 * there is none at all is believed once reading has found it so, and for as long as no message is held.
 */
const isCurrent = (span: Span, { newest }: StoredConversation, continuity: string | null): boolean => {
  if (continuity !== null && span.continuity === continuity) return true;
  if (newest === null) return isEmpty(span);
  return newest !== undefined && !isNewer(newest, span.newest);
};

/** The first span that holds the top of what is wanted; -1: none does. */
const holderOfTop = (
  spans: readonly Span[],
  conversation: StoredConversation,
  wanted: Wanted,
  continuity: string | null,
): number => {
  const newest = spans[0];
  const current = newest !== undefined && isCurrent(newest, conversation, continuity);
  const { until } = wanted;
  if (until === null) return current ? 0 : -1;
  if (current && newest.newest.at <= until) return 0;
  return spans.findIndex(
    ({ newest: high, oldest: low }) => low.at <= until && (high.at > until || (high.at === until && high.id === null)),
  );
};

const reachesDown = (span: Span, wanted: Wanted): boolean =>
  span.reachesStart || span.oldest.at < wanted.since || (span.oldest.at === wanted.since && span.oldest.id === null);

/** Whether the platform's own words say that nothing of this conversation lies in the wanted time. */
const isOutside = ({ newest, createdAt }: StoredConversation, wanted: Wanted): boolean =>
  (newest != null && newest.at < wanted.since) ||
  (createdAt !== null && wanted.until !== null && createdAt > wanted.until);

/**
 * The next stretch where the platform reads only below a message that we hold (`ChannelTraits.readsBelow`); null:
 * nothing is missing that could be asked for. What is newer than all that is held it pushes by itself. What lies
 * between the message to start from and what is wanted has to be passed through, and is held then.
 */
export const nextStretchBelow = (spans: readonly Span[], wanted: Wanted): Stretch | null => {
  if (spans.length === 0) return null;
  if (wanted.refresh) return { before: null, floor: sinceFloor(wanted) };
  const { until } = wanted;
  const above = until === null ? 0 : spans.findLastIndex(({ newest }) => newest.at > until);
  // Of spans that begin in one instant nobody knows which is the upper: each is read down until it meets another.
  const start = spans.findIndex((span, index) => index >= above && !reachesDown(span, wanted));
  const span = spans[start];
  return span === undefined ? null : { before: span.oldest, floor: floorAbove(spans[start + 1], wanted) };
};

/**
 * The next stretch of a conversation that is wanted and that no span holds; null: nothing is missing.
 * `continuity` is the live connection's, null while there is none.
 */
export const nextStretch = (
  conversation: StoredConversation,
  spans: readonly Span[],
  wanted: Wanted,
  continuity: string | null,
): Stretch | null => {
  if (isOutside(conversation, wanted)) return null;
  if (wanted.refresh) return { before: top(wanted), floor: sinceFloor(wanted) };
  const holder = holderOfTop(spans, conversation, wanted, continuity);
  if (holder < 0) {
    const below = spans.find((span) => wanted.until === null || span.newest.at <= wanted.until);
    return { before: top(wanted), floor: floorAbove(below, wanted) };
  }
  const span = spans[holder] as Span;
  if (reachesDown(span, wanted)) return null;
  return { before: span.oldest, floor: floorAbove(spans[holder + 1], wanted) };
};
