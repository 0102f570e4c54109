import { Schema } from 'effect';
import { Anchor } from './anchor.ts';

/**
 * A closed part of a conversation that is held without a gap: both bounds and everything between them.
 * A bound with an id is that message; a bound without one is an instant, inclusive.
 */
export const Span = Schema.Struct({
  newest: Anchor,
  oldest: Anchor,
  /** True when nothing older exists on the platform. */
  reachesStart: Schema.Boolean,
  /** The unbroken connection under which the newest bound is known to be the live edge; null: it is not live. */
  continuity: Schema.NullOr(Schema.String),
});
export type Span = typeof Span.Type;
