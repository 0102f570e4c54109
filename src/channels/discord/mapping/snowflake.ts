/**
 * Discord's ids: 64 bits whose upper 42 are the milliseconds since 2015-01-01T00:00:00Z (docs: Reference, Snowflakes).
 */
const EPOCH_MS = 1_420_070_400_000;
const TIME_SHIFT = 22n;
const LARGEST = (1n << 64n) - 1n;
const DIGITS = /^(0|[1-9]\d{0,19})$/;

export const isSnowflake = (value: unknown): value is string =>
  typeof value === 'string' && DIGITS.test(value) && BigInt(value) <= LARGEST;

/** When the snowflake was made, ms. */
export const timeOfSnowflake = (snowflake: string): number => Number(BigInt(snowflake) >> TIME_SHIFT) + EPOCH_MS;

/** The smallest snowflake of an instant (ms): every id below it is older. Null when Discord did not exist yet. */
export const snowflakeAt = (at: number): string | null => {
  const sinceEpoch = Math.ceil(at) - EPOCH_MS;
  if (!(sinceEpoch > 0)) return null;
  const snowflake = BigInt(sinceEpoch) << TIME_SHIFT;
  return (snowflake > LARGEST ? LARGEST : snowflake).toString();
};

/** Negative when `a` is older than `b`. */
export const compareSnowflakes = (a: string, b: string): number =>
  a.length !== b.length ? a.length - b.length : a < b ? -1 : a > b ? 1 : 0;
