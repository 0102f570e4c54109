import { Schema } from 'effect';

/**
 * A sliding log of permits: the truth about "how many in every window", which a bucket that refills cannot
 * tell. Two windows hold at once: `limit` in any 60 s, and a sixth of it (at least one) in any 10 s, so that
 * traffic never looks like a burst.
 */

export const MINUTE_MS = 60_000;
const BURST_MS = 10_000;
/** Kept on top of each window, since requests do not reach the platform at the exact pace at which they leave. */
const MARGIN_MS = 20;
/** Above this limit exact instants are not worth their bytes: permits are counted in slots, from the slot's end. */
const EXACT_UP_TO = 240;
const SLOT_MS = 250;

/** [instant in ms, permits], oldest first. */
export const PermitLog = Schema.Array(Schema.Tuple([Schema.Number, Schema.Number]));
export type PermitLog = typeof PermitLog.Type;

export const burstOf = (limit: number): number => Math.max(1, Math.floor(limit / 6));

const usedSince = (log: PermitLog, after: number): number => {
  let used = 0;
  for (let i = log.length - 1; i >= 0; i--) {
    const [at, permits] = log[i] as readonly [number, number];
    if (at <= after) break;
    used += permits;
  }
  return used;
};

/** How many permits fit at `now`; `held` are given but not yet used, and count as used right now. Never negative. */
export const room = (log: PermitLog, held: number, limit: number, now: number): number =>
  Math.max(
    0,
    Math.min(
      limit - held - usedSince(log, now - MINUTE_MS - MARGIN_MS),
      burstOf(limit) - held - usedSince(log, now - BURST_MS - MARGIN_MS),
    ),
  );

/** The first instant from `now` on at which there is room for one; null while held permits alone fill a window. */
export const nextRoomAt = (log: PermitLog, held: number, limit: number, now: number): number | null => {
  if (room(log, held, limit, now) > 0) return now;
  const instants = log
    .flatMap(([at]) => [at + BURST_MS + MARGIN_MS, at + MINUTE_MS + MARGIN_MS])
    .filter((at) => at > now)
    .sort((a, b) => a - b);
  return instants.find((at) => room(log, held, limit, at) > 0) ?? null;
};

/**
 * The log at `now`, which may be earlier than when it was written: a clock was set back meanwhile. What lies further
 * ahead than any window is long cannot be told from what is used right now, and must not keep everybody waiting until
 * that time comes round again.
 */
export const caughtUp = (log: PermitLog, now: number): PermitLog =>
  log.map(([at, permits]) => [at > now + MINUTE_MS ? now : at, permits] as const).toSorted(([a], [b]) => a - b);

/** The log with `permits` used at `at`, and what no window can see any more dropped. */
export const record = (log: PermitLog, permits: number, limit: number, at: number): PermitLog => {
  const slot = limit > EXACT_UP_TO ? (Math.floor(at / SLOT_MS) + 1) * SLOT_MS : at;
  const kept = log.filter(([instant]) => instant > at - MINUTE_MS - MARGIN_MS);
  const last = kept.at(-1);
  if (last !== undefined && last[0] === slot) return [...kept.slice(0, -1), [slot, last[1] + permits]];
  // Reports may come a little out of order; the log stays sorted.
  const index = kept.findLastIndex(([instant]) => instant <= slot) + 1;
  return [...kept.slice(0, index), [slot, permits], ...kept.slice(index)];
};
