import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareWithTruth, isEqual } from '../harness/compare.ts';
import { type Ground, loneGround } from './point-run.ts';
import { Poisoned, poisonOf, TRIES } from './poisoned.ts';

/* `npm run chaos -- --scenario poison` does the same to two nodes. */

let ground: Ground;
beforeAll(async () => {
  ground = await loneGround(1);
});
afterAll(() => ground?.close());

test('a command that kills the process is a dead letter after five tries, and stands in nobody’s way', {
  timeout: 360_000,
}, async () => {
  const { target } = await ground.aim();
  const services = new Poisoned([target]);
  const [instanceId = ''] = ground.instances;
  const [bot] = ground.discord.world.bots;
  const channel = [...ground.discord.world.channels()].find(({ guild }) => guild.name === bot?.user.name);
  const request = { depth: 'all', channelId: channel?.id ?? '' };
  const strike = poisonOf(request.channelId);

  const killWith = async (): Promise<string> => {
    services.kills = 0;
    await services.poison(strike);
    const { jobId } = await services.ask((api) => api.startSync(instanceId, request));
    expect(await services.outlive(strike, instanceId, jobId)).toMatchObject({
      status: 'failed',
      errorMessage: expect.stringContaining('5 times'),
    });
    expect(services.kills).toBe(TRIES);
    return jobId;
  };
  const jobId = await killWith();
  const [dead] = await services.deadLetters();
  expect(dead).toMatchObject({ instanceId, command: { type: 'startSync', jobId }, attempts: TRIES });
  // The instance goes on, poison and all: another scope is none of its business.
  expect(await target.api.sync(instanceId, { depth: '7d' })).toMatchObject({ status: 'completed' });

  await services.cure();
  await target.api.call('POST', `/debug/dead-letters/${dead?.id}/requeue`);
  const jobs = await Array.fromAsync(
    target.api.list<{ readonly jobId: string; readonly status: string }>(`/instances/${instanceId}/sync`),
  );
  const requeued = jobs.find((job) => job.status !== 'failed' && job.jobId !== jobId);
  expect(await target.api.finished(instanceId, requeued?.jobId ?? '')).toMatchObject({ status: 'completed' });
  expect(await target.api.sync(instanceId, request)).toMatchObject({ status: 'completed' });

  await killWith();
  await services.cure();
  const [second] = await services.deadLetters();
  await target.api.call('POST', `/debug/dead-letters/${second?.id}/discard`);
  expect(await services.deadLetters()).toEqual([]);
  expect(await target.api.sync(instanceId, { depth: 'all' })).toMatchObject({ status: 'completed' });
  const truth = ground.discord.groundTruth(bot?.token);
  expect(isEqual(await compareWithTruth(target.api, instanceId, truth))).toBe(true);
});
