import { describe, expect, it } from 'vitest';
import { RequestGate } from '../../src/runtime/request-gate.ts';

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
});
