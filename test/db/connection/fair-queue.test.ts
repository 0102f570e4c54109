import { expect, it } from 'vitest';
import { FairQueue } from '../../../src/db/connection/fair-queue.ts';

const noted = (log: string[], name: string) => async () => {
  log.push(name);
};

it('lets reads and writes take turns, each in the order of coming', async () => {
  const queue = new FairQueue();
  const log: string[] = [];
  for (const name of ['w1', 'w2', 'w3']) void queue.run('writes', noted(log, name));
  for (const name of ['r1', 'r2']) void queue.run('reads', noted(log, name));
  await queue.drained();
  expect(log).toEqual(['w1', 'r1', 'w2', 'r2', 'w3']);
});

it('runs one piece at a time, and goes on after one that failed', async () => {
  const queue = new FairQueue();
  let running = 0;
  const alone = async () => {
    running += 1;
    expect(running).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  const failing = queue.run('writes', () => Promise.reject(new Error('this one')));
  const rest = Promise.all([queue.run('writes', alone), queue.run('reads', alone), queue.run('writes', alone)]);
  await expect(failing).rejects.toThrow('this one');
  await rest;
});

it('gives the event loop a turn between two pieces', async () => {
  const queue = new FairQueue();
  const log: string[] = [];
  setImmediate(() => log.push('event loop'));
  await Promise.all([queue.run('writes', noted(log, 'first')), queue.run('writes', noted(log, 'second'))]);
  expect(log[0]).toBe('event loop');
});
