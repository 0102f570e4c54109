/** What can go wrong with a gateway connection. */
export type GatewayFault =
  /** The line is cut without a close frame. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'close'; readonly code: number }
  /** Op 7: the client is asked to reconnect and resume. */
  | { readonly kind: 'reconnect' }
  /** Op 9. */
  | { readonly kind: 'invalidSession'; readonly resumable: boolean }
  /** Open, but nothing comes through any more, in either direction. */
  | { readonly kind: 'dead' }
  /** Events are kept back until the handle's `release`. */
  | { readonly kind: 'hold' };

export interface GatewayAim {
  /** `now` (without it): every open connection. Otherwise the next ones, when they get that far. */
  readonly when?: 'now' | 'connect' | 'identify' | 'resume';
  /** How many connections to come are struck; 1 without it. */
  readonly times?: number;
}

export interface GatewayFaultHandle {
  readonly count: number;
  /** When it struck for the n-th time (from 1; without n, the first). */
  readonly struck: (nth?: number) => Promise<void>;
  readonly release: () => void;
  readonly remove: () => void;
}
