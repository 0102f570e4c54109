import { expect, it } from 'vitest';
import { CoreWorld } from '../core-world.ts';

it('the log tells of each change of state, and of each job that begins and ends, once', async () => {
  const world = new CoreWorld(['one']);
  await world.start();
  await world.submit({ type: 'connect' });
  await world.wait(1_000);
  for (const conversation of world.platform.conversations) conversation.post(world.now);
  await world.sync();
  await world.wait(60_000);
  expect(world.areJobsOver).toBe(true);
  await world.submit({ type: 'disconnect' });
  await world.wait(1_000);
  const told = world.said.filter(({ fields }) => 'instanceId' in fields);
  expect(told.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    expect.stringMatching(/^info: .*: stopped → connecting\.$/),
    expect.stringMatching(/^info: .*: connecting → online\.$/),
    expect.stringMatching(/^info: .*: sync of messages begins\.$/),
    expect.stringMatching(/^info: .*: sync of messages completed: 1 fetched, 1 stored, 0 updated, 0 errors\.$/),
    expect.stringMatching(/^info: .*: online → stopped\.$/),
  ]);
  await world.stop();
});

it('the log says why an account does not work', async () => {
  const world = new CoreWorld(['one']);
  await world.start();
  await world.submit({ type: 'connect' });
  await world.wait(1_000);
  world.platform.drop(true);
  await world.wait(0);
  expect(world.said.at(-1)).toMatchObject({
    level: 'warn',
    message: expect.stringMatching(/: online → backingOff \(lost\): It broke off\.$/),
    fields: { instanceId: world.id, from: 'online', to: 'backingOff', code: 'lost' },
  });
  await world.stop();
});
