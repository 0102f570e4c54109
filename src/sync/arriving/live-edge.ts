import type { Anchor } from '../../domain/anchor.ts';
import type { Span } from '../../domain/span.ts';
import { addSpan } from '../reading/spans.ts';

/** Whether a place lies within a span: one of its ends, or surely between them. */
const isHeldBy =
  ({ at, id }: Anchor) =>
  ({ newest, oldest }: Span): boolean =>
    (oldest.at < at && at < newest.at) ||
    (newest.at === at && newest.id === id) ||
    (oldest.at === at && oldest.id === id);

/**
 * The spans with one more message that came live. Only an unbroken connection proves that nothing was missed between
 * the last message and this one, and only in the order in which they were written: one that comes late (sent again
 * since it could not be read, or delivered again) says nothing about what came between, which an earlier connection may
 * have taken and lost.
 */
export const extendLiveEdge = (spans: readonly Span[], place: Anchor, continuity: string): readonly Span[] => {
  if (spans.some(isHeldBy(place))) return spans;
  const edge = spans.find((span) => span.continuity === continuity);
  const isLate = edge !== undefined && place.at < edge.oldest.at;
  return addSpan(spans, {
    newest: place,
    oldest: place,
    reachesStart: false,
    continuity: isLate ? null : continuity,
  });
};
