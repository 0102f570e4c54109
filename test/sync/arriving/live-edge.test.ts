import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/domain/span.ts';
import { extendLiveEdge } from '../../../src/sync/arriving/live-edge.ts';

const place = (at: number) => ({ at, id: `m${at}` });
const span = (oldest: number, newest: number, continuity: string | null = null): Span => ({
  newest: place(newest),
  oldest: place(oldest),
  reachesStart: false,
  continuity,
});
const arrive = (spans: readonly Span[], continuity: string, ...instants: readonly number[]): readonly Span[] =>
  instants.reduce((held, at) => extendLiveEdge(held, place(at), continuity), spans);

describe('the live edge', () => {
  it('moves up with every message of one connection', () => {
    expect(arrive([], 'now', 10, 20, 30)).toEqual([span(10, 30, 'now')]);
  });

  it('leaves a gap below the first message of another connection', () => {
    expect(arrive([span(1, 9, 'before')], 'now', 20)).toEqual([span(20, 20, 'now'), span(1, 9, 'before')]);
  });

  it('does not reach down to a message that comes late: what lies between may have been taken and lost', () => {
    expect(arrive([span(1, 9, 'before')], 'now', 50, 20)).toEqual([
      span(50, 50, 'now'),
      span(20, 20),
      span(1, 9, 'before'),
    ]);
  });

  it('does not begin with a message that is held, be it the newest of all', () => {
    const before = [span(1, 20, 'before')];
    for (const at of [1, 10, 20]) expect(arrive(before, 'now', at)).toBe(before);
    expect(arrive(before, 'now', 20, 50)).toEqual([span(50, 50, 'now'), span(1, 20, 'before')]);
  });

  it('goes on above what came late', () => {
    expect(arrive([span(1, 9, 'before')], 'now', 50, 20, 60)).toEqual([
      span(50, 60, 'now'),
      span(20, 20),
      span(1, 9, 'before'),
    ]);
  });

  it('takes two messages of one instant as one after the other, whatever their ids say', () => {
    const first = extendLiveEdge([], { at: 10, id: 'b' }, 'now');
    expect(extendLiveEdge(first, { at: 10, id: 'a' }, 'now')).toHaveLength(1);
  });
});
