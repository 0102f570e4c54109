import type { Anchor } from '../../domain/anchor.ts';
import type { Span } from '../../domain/span.ts';

/**
 * The arithmetic of spans. A bound with an id is that very message; a bound without one is an instant, and
 * everything up to it (as a newest bound) or from it on (as an oldest bound) is held. Times are whole
 * milliseconds, so two instants that follow each other leave nothing between them; two messages of the same
 * millisecond do, since nothing says in which order they came.
 */

/** The newest place that a reading "before" this anchor can bring. */
export const topBelow = (before: Anchor): Anchor => (before.id === null ? { at: before.at - 1, id: null } : before);

export const isNewer = (a: Anchor, b: Anchor): boolean =>
  a.at > b.at || (a.at === b.at && a.id !== null && b.id !== null && a.id !== b.id);

/** Whether nothing can lie between the oldest bound of the upper span and the newest bound of the lower one. */
const touches = (upper: Span, lower: Span): boolean => {
  const a = upper.oldest;
  const b = lower.newest;
  if (b.at > a.at) return true;
  if (b.at === a.at) return a.id === null || b.id === null || a.id === b.id;
  return a.id === null && b.id === null && b.at === a.at - 1;
};

/**
 * Which of two ids of one millisecond counts as newer: the longer, then the greater one, as snowflakes rise. Where a
 * platform's ids say nothing, either bound is as good as the other.
 */
const isHigher = (a: string, b: string): boolean => (a.length === b.length ? a > b : a.length > b.length);

const olderOf = (a: Span, b: Span): Span => {
  if (a.oldest.at !== b.oldest.at) return a.oldest.at < b.oldest.at ? a : b;
  return a.oldest.id === null || (b.oldest.id !== null && isHigher(b.oldest.id, a.oldest.id)) ? a : b;
};

/** The newer of two upper bounds; of one instant, the one that holds all of it. */
export const newerOf = (a: Anchor, b: Anchor): Anchor => {
  if (a.at !== b.at) return a.at > b.at ? a : b;
  return a.id === null || (b.id !== null && isHigher(a.id, b.id)) ? a : b;
};

const isSame = (a: Anchor, b: Anchor): boolean => a.at === b.at && a.id === b.id;

const byNewest = (a: Span, b: Span): number => {
  if (isSame(a.newest, b.newest)) return b.oldest.at - a.oldest.at;
  return newerOf(a.newest, b.newest) === a.newest ? -1 : 1;
};

/** The live edge is that of the newer bound; of the same bound, what was learned last counts. */
const continuityOf = (span: Span, added: Span): string | null => {
  if (isSame(span.newest, added.newest)) return added.continuity ?? span.continuity;
  return newerOf(span.newest, added.newest) === span.newest ? span.continuity : added.continuity;
};

/** One that ends with the very message with which the other begins lies above it, whatever their ids say. */
const isAbove = (a: Span, b: Span): boolean => a.oldest.id !== null && isSame(a.oldest, b.newest);

const boundsOf = (span: Span, added: Span): Pick<Span, 'newest' | 'oldest'> => {
  if (isAbove(span, added)) return { newest: span.newest, oldest: added.oldest };
  if (isAbove(added, span)) return { newest: added.newest, oldest: span.oldest };
  return { newest: newerOf(span.newest, added.newest), oldest: olderOf(span, added).oldest };
};

const merge = (span: Span, added: Span): Span => ({
  ...boundsOf(span, added),
  reachesStart: span.reachesStart || added.reachesStart,
  continuity: continuityOf(span, added),
});

/** Whether a span that begins in this millisecond holds the rest of it too. */
const holdsRestOf = (at: number, { oldest }: Span): boolean =>
  oldest.at < at || (oldest.at === at && oldest.id === null);

/** One live connection brought both: 09:00–09:10 and 09:40–09:50, and nothing was missed in between. */
const isSameStream = (a: Span, b: Span): boolean => a.continuity !== null && a.continuity === b.continuity;

/** Both hold the first message there is: start–2019 and start–2021. */
const shareStart = (a: Span, b: Span): boolean => a.reachesStart && b.reachesStart;

/** Both end with the same message: M5–M1 and M9–M1. */
const shareEnd = (a: Span, b: Span): boolean => a.oldest.id !== null && isSame(a.oldest, b.oldest);

/** Both begin with the same message, or at the same instant: M9–M5 and M9–M1. */
const shareTop = (a: Span, b: Span): boolean => isSame(a.newest, b.newest);

/** Both begin in one millisecond and hold the rest of it: M9–M1 and M8–M2, where M8 and M9 are of one millisecond. */
const shareRestOfTop = (a: Span, b: Span): boolean => holdsRestOf(a.newest.at, a) && holdsRestOf(b.newest.at, b);

/**
 * Of two that begin in one millisecond, whether the first is known to be the upper: it holds all of the millisecond, or
 * ends with the message with which the other begins (M9–M8 and M8–M1).
 */
const isUpperOfOneTop = (a: Span, b: Span): boolean => a.newest.id === null || isSame(a.oldest, b.newest);

/** Whether nothing can lie between two spans. Where both begin in one millisecond, either may be the upper. */
const meets = (a: Span, b: Span): boolean => {
  if (isSameStream(a, b) || shareStart(a, b) || shareEnd(a, b)) return true;
  if (a.newest.at !== b.newest.at) return a.newest.at > b.newest.at ? touches(a, b) : touches(b, a);
  if (shareTop(a, b) || shareRestOfTop(a, b)) return true;
  if (isUpperOfOneTop(a, b)) return touches(a, b);
  return isUpperOfOneTop(b, a) && touches(b, a);
};

/** The spans, newest first, with one more that is held now; what touches becomes one. */
export const addSpan = (spans: readonly Span[], added: Span): readonly Span[] => {
  // Where a message joins two, their order is certain, and may be forgotten with the next one that is met.
  const joined = spans.find((span) => isAbove(span, added) || isAbove(added, span));
  const met = joined ?? spans.find((span) => meets(span, added));
  if (met === undefined) return [...spans, added].sort(byNewest);
  const others = spans.filter((span) => span !== met);
  return addSpan(others, merge(met, added));
};

/** Whether nothing changed, so that nothing need be written. */
export const sameSpans = (a: readonly Span[], b: readonly Span[]): boolean =>
  a.length === b.length && a.every((span, index) => sameSpan(span, b[index] as Span));

const sameSpan = (a: Span, b: Span): boolean =>
  a.newest.at === b.newest.at &&
  a.newest.id === b.newest.id &&
  a.oldest.at === b.oldest.at &&
  a.oldest.id === b.oldest.id &&
  a.reachesStart === b.reachesStart &&
  a.continuity === b.continuity;
