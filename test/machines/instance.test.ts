import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialTransition, transition } from 'xstate';
import type { Tell } from '../../machines/effects.ts';
import {
  type InstanceEvent,
  type InstanceSnapshot,
  instanceActor,
  instanceMachine,
  PROBE_MS,
} from '../../machines/instance.ts';
import { SEED } from './seed.ts';

type EventData = InstanceEvent extends infer Event
  ? Event extends InstanceEvent
    ? Omit<Event, 'at' | 'random' | 'fresh'>
    : never
  : never;

const ACCOUNT = { externalId: '1', name: 'bot' };
const CONNECTED = new Set(['connecting', 'pairing', 'online']);

/** A supervisor on a clock of its own, with what it told the jobs. */
class Supervisor {
  snapshot: InstanceSnapshot = initialTransition(instanceMachine)[0];
  now = 1_000_000;
  readonly told: string[] = [];
  #fresh = 0;

  get state(): string {
    return this.snapshot.value;
  }

  get context() {
    return this.snapshot.context;
  }

  get run(): string {
    return this.context.run ?? 'none';
  }

  tell(data: EventData): this {
    const event = { ...data, at: this.now, random: 0, fresh: `run-${this.#fresh++}` } as InstanceEvent;
    const [next, actions] = transition(instanceMachine, this.snapshot, event);
    expect(next.status).toBe('active');
    this.snapshot = next;
    for (const { params } of actions as readonly { params?: unknown }[]) this.told.push((params as Tell).event.type);
    return this;
  }

  opened(continuity = 'c1'): this {
    return this.tell({ type: 'connectionOpened', run: this.run, account: ACCOUNT, continuity });
  }

  lost(fate: 'transient' | 'refused' | 'loggedOut', run = this.run): this {
    return this.tell({ type: 'connectionLost', run, fate, code: 'code', message: 'words' });
  }

  online(): this {
    return this.tell({ type: 'connect' }).opened();
  }

  /** To the next deadline. */
  wait(): this {
    this.now = instanceActor.deadline(this.snapshot) ?? this.now;
    return this.tell({ type: 'timerDue' });
  }
}

describe('the supervisor', () => {
  it('connects when asked, comes online, and tells the jobs', () => {
    const supervisor = new Supervisor().tell({ type: 'connect' });
    expect(supervisor.state).toBe('connecting');
    supervisor.opened();
    expect(supervisor.state).toBe('online');
    expect(supervisor.context).toMatchObject({ account: ACCOUNT, continuity: 'c1', wanted: true });
    expect(supervisor.told).toEqual(['connectionUp']);
  });

  it('goes back to connecting when the connection is interrupted, under the same run', () => {
    const supervisor = new Supervisor().online();
    const { run } = supervisor;
    supervisor.tell({ type: 'connectionInterrupted', run, message: 'gone' });
    expect(supervisor.state).toBe('connecting');
    expect(supervisor.context).toMatchObject({ run, continuity: null });
    supervisor.opened('c2');
    expect(supervisor.context).toMatchObject({ run, continuity: 'c2' });
    expect(supervisor.told).toEqual(['connectionUp', 'connectionDown', 'connectionUp']);
  });

  it('stays online when the library began a new session by itself, with another continuity', () => {
    const supervisor = new Supervisor().online().opened('c2');
    expect(supervisor.context.continuity).toBe('c2');
    expect(supervisor.told).toEqual(['connectionUp']);
  });

  it('tries a lost connection again with growing pauses, then every 15 minutes', () => {
    const supervisor = new Supervisor().tell({ type: 'connect' });
    const pauses: number[] = [];
    for (let losses = 0; losses < 7; losses++) {
      supervisor.lost('transient');
      pauses.push((supervisor.context.retryAt ?? 0) - supervisor.now);
      supervisor.wait();
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, PROBE_MS, 32_000]);
  });

  it('parks in error while it probes every 15 minutes, and says why', () => {
    const supervisor = new Supervisor().tell({ type: 'connect' });
    for (let losses = 0; losses < 6; losses++) {
      if (losses > 0) supervisor.wait();
      supervisor.lost('transient');
    }
    expect(supervisor.state).toBe('error');
    expect(supervisor.context.error).toMatchObject({ code: 'code', message: 'words' });
    expect(supervisor.wait().state).toBe('connecting');
  });

  it('never tries refused credentials again by itself', () => {
    const supervisor = new Supervisor().online().lost('refused');
    expect(supervisor.state).toBe('error');
    expect(instanceActor.deadline(supervisor.snapshot)).toBeNull();
    expect(supervisor.tell({ type: 'connect' }).state).toBe('connecting');
    expect(supervisor.context).toMatchObject({ error: null, wanted: true });
  });

  it('stays logged out until somebody connects again', () => {
    const supervisor = new Supervisor().online().lost('loggedOut');
    expect(supervisor.state).toBe('loggedOut');
    expect(supervisor.tell({ type: 'restored' }).state).toBe('loggedOut');
    expect(supervisor.tell({ type: 'connect' }).state).toBe('connecting');
  });

  it('opens a new connection after a restart, and waits on where it waited', () => {
    const online = new Supervisor().online();
    const { run } = online;
    expect(online.tell({ type: 'restored' }).state).toBe('connecting');
    expect(online.run).not.toBe(run);
    const waiting = new Supervisor().tell({ type: 'connect' }).lost('transient');
    const { retryAt } = waiting.context;
    expect(waiting.tell({ type: 'restored' }).context.retryAt).toBe(retryAt);
  });

  it('ignores what another run reports', () => {
    const supervisor = new Supervisor().online();
    const before = supervisor.snapshot;
    supervisor.lost('refused', 'another');
    supervisor.tell({ type: 'connectionInterrupted', run: 'another', message: '' });
    supervisor.tell({
      type: 'connectionOpened',
      run: 'another',
      account: { externalId: '2', name: null },
      continuity: 'x',
    });
    expect(supervisor.snapshot.context).toEqual(before.context);
    expect(supervisor.state).toBe('online');
  });

  const word = fc.oneof(
    fc.constantFrom<EventData>({ type: 'connect' }, { type: 'disconnect' }, { type: 'logout' }, { type: 'restored' }),
    fc
      .constantFrom('opened', 'interrupted', 'pairing', 'transient', 'refused', 'loggedOut', 'wait')
      .chain((what) => fc.record({ what: fc.constant(what), stale: fc.boolean() })),
  );

  it(`keeps its invariants whatever comes in whatever order (TEST_SEED=${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60, size: 'max' }), (words) => {
        const supervisor = new Supervisor();
        let wanted = false;
        let jobsThinkOnline = false;
        for (const one of words) {
          const before = supervisor.snapshot;
          if ('type' in one) {
            supervisor.tell(one);
            if (one.type === 'connect') wanted = true;
            if (one.type === 'disconnect' || one.type === 'logout') wanted = false;
          } else {
            const run = one.stale ? 'stale' : supervisor.run;
            supervisor.now += 7;
            if (one.what === 'opened')
              supervisor.tell({ type: 'connectionOpened', run, account: ACCOUNT, continuity: run });
            else if (one.what === 'interrupted') supervisor.tell({ type: 'connectionInterrupted', run, message: '' });
            else if (one.what === 'pairing') supervisor.tell({ type: 'pairingRequired', run });
            else if (one.what === 'wait') supervisor.wait();
            else supervisor.lost(one.what as 'transient' | 'refused' | 'loggedOut', run);
            if (one.stale && one.what !== 'wait') expect(supervisor.snapshot.context).toEqual(before.context);
          }
          for (const told of supervisor.told.splice(0)) {
            expect(told === 'connectionUp').toBe(!jobsThinkOnline);
            jobsThinkOnline = told === 'connectionUp';
          }
          const { run, continuity, retryAt } = supervisor.context;
          expect(run !== null).toBe(CONNECTED.has(supervisor.state));
          expect(continuity !== null).toBe(supervisor.state === 'online');
          expect(jobsThinkOnline).toBe(supervisor.state === 'online');
          expect(supervisor.context.wanted).toBe(wanted);
          if (supervisor.state === 'backingOff') expect(retryAt).not.toBeNull();
          if (retryAt !== null) expect(['backingOff', 'error']).toContain(supervisor.state);
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
