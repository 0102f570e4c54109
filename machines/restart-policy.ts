import { Schema } from 'effect';

/**
 * When a child that failed may run again, à la OTP: at most five restarts in a minute, each after a backoff
 * that doubles from one second to a minute, jittered upward; five stable minutes forget the past. Whoever fails
 * too slowly for that, but without ever being stable, is given up after ten in a row.
 */

export const MAX_RESTARTS = 5;
const MOST_IN_A_ROW = 10;
export const RESTART_WINDOW_MS = 60_000;
const FIRST_BACKOFF_MS = 1_000;
export const MAX_BACKOFF_MS = 60_000;
export const STABLE_AFTER_MS = 300_000;

/** The restarts of one child: instants (ms) of those within the window, and how many in a row. Persisted. */
export const RestartLog = Schema.Struct({
  recent: Schema.Array(Schema.Number),
  inARow: Schema.Number,
  total: Schema.Number,
});
export type RestartLog = typeof RestartLog.Type;

export const NO_RESTARTS: RestartLog = { recent: [], inARow: 0, total: 0 };

export type RestartDecision =
  | { readonly restart: true; readonly at: number; readonly log: RestartLog }
  | { readonly restart: false; readonly log: RestartLog };

/** `stableSince` is when the child last began to work (ms), null if it never did since the last failure. */
export const decideRestart = (
  log: RestartLog,
  failure: { readonly at: number; readonly random: number; readonly stableSince: number | null },
): RestartDecision => {
  const { at, random, stableSince } = failure;
  const forgiven = stableSince !== null && at - stableSince >= STABLE_AFTER_MS;
  const inARow = forgiven ? 0 : log.inARow;
  const recent = forgiven ? [] : log.recent.filter((instant) => at - instant < RESTART_WINDOW_MS);
  if (recent.length >= MAX_RESTARTS || inARow >= MOST_IN_A_ROW)
    return { restart: false, log: { recent, inARow, total: log.total } };
  const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** inARow);
  return {
    restart: true,
    at: Math.ceil(at + Math.min(MAX_BACKOFF_MS, backoff * (1 + random * 0.25))),
    log: { recent: [...recent, at], inARow: inARow + 1, total: log.total + 1 },
  };
};
