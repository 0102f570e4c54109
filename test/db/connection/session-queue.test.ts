import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Asker, SessionQueue, type SessionQueueOptions } from '../../../src/db/connection/session-queue.ts';
import { StoreUnavailable } from '../../../src/domain/errors.ts';

const HOUR_MS = 3_600_000;

/** A queue whose pieces of work say when they begin, and end when they are told. */
class Rig {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();
  readonly #queue: SessionQueue;

  constructor(options: Partial<SessionQueueOptions> = {}) {
    this.#queue = new SessionQueue({ sessions: 3, kept: 1, patienceMs: HOUR_MS, stalledMs: HOUR_MS, ...options });
  }

  ask(asker: Asker, name: string): Promise<void> {
    return this.#queue.run(asker, () => {
      this.begun.push(name);
      return new Promise((resolve) => this.#ends.set(name, resolve));
    });
  }

  async end(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#ends.get(name)?.();
      await setImmediate();
    }
  }
}

it('leaves some sessions to whoever is no instance', async () => {
  const rig = new Rig();
  const all = ['i1', 'i2', 'i3'].map((name) => rig.ask('instances', name));
  const other = rig.ask('others', 'o1');
  await setImmediate();
  expect(rig.begun).toEqual(['i1', 'i2', 'o1']);
  await rig.end('o1');
  expect(rig.begun).toHaveLength(3);
  await rig.end('i1', 'i2', 'i3');
  await Promise.all([...all, other]);
});

it('lets instances and others take turns where both wait, each in the order of coming', async () => {
  const rig = new Rig({ sessions: 1, kept: 0 });
  const all = [
    rig.ask('instances', 'i1'),
    ...['o1', 'o2', 'o3'].map((name) => rig.ask('others', name)),
    ...['i2', 'i3'].map((name) => rig.ask('instances', name)),
  ];
  await setImmediate();
  await rig.end('i1', 'o1', 'i2', 'o2', 'i3', 'o3');
  await Promise.all(all);
  expect(rig.begun).toEqual(['i1', 'o1', 'i2', 'o2', 'i3', 'o3']);
});

it('gives a session back after work that failed', async () => {
  const queue = new SessionQueue({ sessions: 1, kept: 0, patienceMs: HOUR_MS, stalledMs: HOUR_MS });
  const failing = queue.run('instances', () => Promise.reject(new Error('this one')));
  const next = queue.run('instances', () => Promise.resolve('the next'));
  await expect(failing).rejects.toThrow('this one');
  expect(await next).toBe('the next');
});

it('has instances wait where the patience of others ends', async () => {
  const rig = new Rig({ sessions: 1, kept: 0, patienceMs: 20 });
  const holder = rig.ask('others', 'holder');
  const patient = rig.ask('instances', 'patient');
  await expect(rig.ask('others', 'impatient')).rejects.toMatchObject({ nothingWasAsked: true });
  await rig.end('holder', 'patient');
  await Promise.all([holder, patient]);
  expect(rig.begun).toEqual(['holder', 'patient']);
});

it('tells instances when no session comes back at all', async () => {
  const rig = new Rig({ stalledMs: 20 });
  const holders = ['i1', 'i2'].map((name) => rig.ask('instances', name));
  const told = await rig.ask('instances', 'i3').catch((error: unknown) => error);
  expect(told).toBeInstanceOf(StoreUnavailable);
  expect(told).toMatchObject({ nothingWasAsked: true });
  await rig.end('i1', 'i2');
  await Promise.all(holders);
});
