/** Discord's epoch: 2015-01-01T00:00:00Z, ms. https://discord.com/developers/docs/reference#snowflakes */
export const DISCORD_EPOCH_MS = 1_420_070_400_000;

const EPOCH = BigInt(DISCORD_EPOCH_MS);
const LARGEST = (1n << 63n) - 1n;

/**
 * The low 22 bits of an id, shared out so that no two things of a world have the same id:
 * bit 21: made while the simulator ran; bit 20: second of two in one millisecond; the rest: who made it.
 */
export const LIVE_BIT = 1 << 21;
export const SECOND_BIT = 1 << 20;
export const ORDINALS = 1 << 20;

/** The id of something made at `ms`. `low` is 0 to 2^22 - 1. */
export const snowflake = (ms: number, low: number): bigint => ((BigInt(ms) - EPOCH) << 22n) | BigInt(low);

/** When the thing with this id was made, ms. */
export const snowflakeMs = (id: bigint): number => Number((id >> 22n) + EPOCH);

/** The id that a text names, or null where Discord would say "is not snowflake". */
export const parseSnowflake = (text: string): bigint | null => {
  if (!/^\d{1,20}$/.test(text)) return null;
  const id = BigInt(text);
  return id <= LARGEST ? id : null;
};

/** An instant as Discord writes it: microseconds and an offset, never `Z`. */
export const discordTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000+00:00`;
