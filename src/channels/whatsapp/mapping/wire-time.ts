/** Further ahead of our clock than this, a time is an error of whoever wrote it. */
const LATEST_AHEAD_MS = 24 * 3_600_000;

/** A protobuf integer, however it was decoded: number, Long, `{low, high}` or decimal text. Null: it is none. */
export const numberOf = (value: unknown): number | null => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? Number(value) : null;
  if (typeof value !== 'object' || value === null) return null;
  const { low, high } = value as { readonly low?: unknown; readonly high?: unknown };
  return typeof low === 'number' && typeof high === 'number' ? high * 2 ** 32 + (low >>> 0) : null;
};

const clamped = (ms: number, now: number): number => (ms > now + LATEST_AHEAD_MS ? now : ms);

/** Seconds on the wire, ms here. Null: no time is given. Absurd futures become now. */
export const timeOfSeconds = (value: unknown, now: number): number | null => {
  const seconds = numberOf(value);
  return seconds === null || seconds <= 0 ? null : clamped(seconds * 1000, now);
};

/** The same for a time in ms. */
export const timeOfMs = (value: unknown, now: number): number | null => {
  const ms = numberOf(value);
  return ms === null || ms <= 0 ? null : clamped(ms, now);
};
