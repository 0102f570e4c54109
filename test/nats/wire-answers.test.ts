import { describe, expect, it } from 'vitest';
import { actorAnswerWithin, actorsAnswers } from '../../src/nats/wire-answers.ts';
import type { ActorTree } from '../../src/runtime/messaging/inspection.ts';
import { tree } from '../contract/wire-contract.ts';

const traced = (length: number): ActorTree =>
  tree({
    trace: Array.from({ length }, (_, index) => ({
      at: '2026-01-01T00:00:00.000Z',
      actor: 'instance',
      event: `event ${index}`,
      from: 'a',
      to: 'b',
    })),
  });

const read = (bytes: Uint8Array): ActorTree =>
  (JSON.parse(new TextDecoder().decode(bytes)) as { readonly actor: ActorTree }).actor;

describe('answers between nodes', () => {
  it('are whole where they fit', () => {
    const whole = traced(200);
    expect(read(actorAnswerWithin('a node', whole, 1_000_000))).toEqual(whole);
  });

  it('leave the oldest of the trace out where they do not, and say how much', () => {
    const bytes = actorAnswerWithin('a node', traced(200), 8_000);
    const { trace } = read(bytes);
    expect(bytes.length).toBeLessThanOrEqual(8_000);
    expect(trace.at(-1)?.event).toBe('event 199');
    expect(trace[0]?.event).toBe(
      `${200 - (trace.length - 1)} earlier transitions are left out: the answer is larger than NATS carries`,
    );
  });

  it('leave the contexts out where that is not enough', () => {
    const giant = traced(10);
    const context = 'x'.repeat(10_000);
    const supervisor = giant.supervisor && { ...giant.supervisor, context };
    const bytes = actorAnswerWithin('a node', { ...giant, supervisor }, 5_000);
    expect(bytes.length).toBeLessThanOrEqual(5_000);
    expect(read(bytes).supervisor?.context).toMatch(/left out/);
  });

  it('list actors in as many parts as they need, and in one when there are none', () => {
    const parts = actorsAnswers(
      'a node',
      Array.from({ length: 1_201 }, () => tree()),
    );
    expect(parts.map(({ part, parts: of, actors }) => [part, of, actors.length])).toEqual([
      [0, 3, 500],
      [1, 3, 500],
      [2, 3, 201],
    ]);
    expect(actorsAnswers('a node', [])).toEqual([{ node: 'a node', part: 0, parts: 1, actors: [] }]);
  });
});
