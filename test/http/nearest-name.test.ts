import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/http/nearest-name.ts';

describe('the nearest name', () => {
  it.each([
    ['nam', 'name'],
    ['Token', 'token'],
    ['chanel', 'channel'],
    ['xyzzy', null],
    ['', null],
    ['x'.repeat(1_000), null],
  ])('to %j is %j', (name, expected) => {
    expect(nearestName(name, ['name', 'channel', 'token', 'connect'])).toBe(expected);
  });

  it('is nothing where nothing is known', () => {
    expect(nearestName('name', [])).toBe(null);
  });
});
