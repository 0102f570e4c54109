import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareSnowflakes,
  isSnowflake,
  snowflakeAt,
  timeOfSnowflake,
} from '../../../../src/channels/discord/mapping/snowflake.ts';

const EPOCH_MS = Date.UTC(2015, 0, 1);
const snowflakes = fc.bigInt(0n, (1n << 64n) - 1n).map(String);

describe('a snowflake', () => {
  it('tells its time, as in the example of the documentation', () => {
    expect(timeOfSnowflake('175928847299117063')).toBe(Date.UTC(2016, 3, 30, 11, 18, 25, 796));
  });

  it('of an instant is the smallest that tells this instant', () => {
    fc.assert(
      fc.property(fc.integer({ min: EPOCH_MS + 1, max: Date.UTC(2150, 0, 1) }), (at) => {
        const snowflake = snowflakeAt(at) ?? '';
        expect(timeOfSnowflake(snowflake)).toBe(at);
        expect(timeOfSnowflake(String(BigInt(snowflake) - 1n))).toBe(at - 1);
      }),
    );
  });

  it('does not exist for instants before Discord', () => {
    expect(snowflakeAt(EPOCH_MS)).toBeNull();
    expect(snowflakeAt(0)).toBeNull();
    expect(snowflakeAt(Number.NaN)).toBeNull();
  });

  it('of an instant in the far future is still one', () => {
    expect(isSnowflake(snowflakeAt(Number.MAX_SAFE_INTEGER))).toBe(true);
  });

  it('orders like the number it is', () => {
    fc.assert(
      fc.property(snowflakes, snowflakes, (a, b) => {
        const [x, y] = [BigInt(a), BigInt(b)];
        expect(Math.sign(compareSnowflakes(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
      }),
    );
  });

  it.each(['', '-1', '01', '1.5', 'x', ' 1', '18446744073709551616', 7, null, undefined])('is not %j', (value) => {
    expect(isSnowflake(value)).toBe(false);
  });
});
