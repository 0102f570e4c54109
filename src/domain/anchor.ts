import { Schema } from 'effect';

/**
 * A place in a conversation. With an id it is that very message; without one it is the instant `at`
 * (milliseconds since the epoch, UTC). Reading "before" an anchor excludes the message, and excludes
 * every message whose time is `at` or later when there is no id.
 */
export const Anchor = Schema.Struct({ at: Schema.Number, id: Schema.NullOr(Schema.String) });
export type Anchor = typeof Anchor.Type;
