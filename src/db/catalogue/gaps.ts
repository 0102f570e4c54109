import type { Anchor } from '../../domain/anchor.ts';
import type { CoverageView } from '../../domain/conversation-view.ts';
import type { Span } from '../../domain/span.ts';
import { toIso } from '../values/instants.ts';

type Gap = CoverageView['gaps'][number];

/**
 * What is not held, newest first, given the spans, newest first. `newest` is what the platform named: null for an
 * empty conversation, undefined when it does not tell. An open end is null: the start of history, or now.
 */
export const gapsBetween = (spans: readonly Span[], newest: Anchor | null | undefined): readonly Gap[] => {
  const top = spans[0];
  const bottom = spans.at(-1);
  if (top === undefined || bottom === undefined) return newest === null ? [] : [{ from: null, to: null }];
  const above = newest && newest.at > top.newest.at ? [{ from: toIso(top.newest.at), to: null }] : [];
  const between = spans.slice(1).map((span, index) => ({
    from: toIso(span.newest.at),
    to: toIso((spans[index] ?? top).oldest.at),
  }));
  const below = bottom.reachesStart ? [] : [{ from: null, to: toIso(bottom.oldest.at) }];
  return [...above, ...between, ...below];
};
