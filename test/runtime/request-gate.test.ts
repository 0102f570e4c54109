import { Clock, Effect } from 'effect';
import { describe, expect, it } from 'vitest';
import { RequestGate } from '../../src/runtime/request-gate.ts';
import { SimulatedClock } from '../simulated-clock.ts';

describe('the request gate', () => {
  it('stays shut until every answer that shut it has been dealt with', () => {
    const gate = new RequestGate(() => true);
    expect(gate.isShut).toBe(false);
    gate.shut();
    gate.shut();
    gate.open();
    expect(gate.isShut).toBe(true);
    gate.open();
    expect(gate.isShut).toBe(false);
  });

  it('asks for the trust in the lease each time', () => {
    let isTrusted = true;
    const gate = new RequestGate(() => isTrusted);
    expect(gate.isTrusted()).toBe(true);
    isTrusted = false;
    expect(gate.isTrusted()).toBe(false);
  });

  it('lets whoever waits for the trust go on when it comes back', async () => {
    const clock = new SimulatedClock();
    let isTrusted = false;
    let hasPassed = false;
    const gate = new RequestGate(() => isTrusted);
    const waiting = Effect.runPromise(Effect.provideService(gate.trusted, Clock.Clock, clock)).then(() => {
      hasPassed = true;
    });
    await clock.advance(60_000);
    expect(hasPassed).toBe(false);
    isTrusted = true;
    await clock.advance(1_000);
    await waiting;
    expect(hasPassed).toBe(true);
  });
});
