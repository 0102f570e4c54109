import { Schema } from 'effect';

/** How much of its past a phone is asked to push when it is paired. It decides once, at pairing. */
export const HistoryDepth = Schema.Literals(['recent', 'full']);
export type HistoryDepth = typeof HistoryDepth.Type;

/**
 * What a person must be shown to pair. It opens an account: it lives in memory only, never in a snapshot, a log or a
 * row. `expiresAt` in ms.
 */
export const PairingOffer = Schema.Union([
  Schema.Struct({ kind: Schema.tag('qr'), qr: Schema.String, expiresAt: Schema.Number }),
  Schema.Struct({
    kind: Schema.tag('code'),
    code: Schema.String,
    phoneNumber: Schema.String,
    expiresAt: Schema.Number,
  }),
]);
export type PairingOffer = typeof PairingOffer.Type;
