import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { pastOf } from '../harness/history.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { Stage } from '../harness/stage.ts';

const LIMIT = 'sync.discord.messagesPerMinute';
const PAGES = 200;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ guilds: [{ name: 'Slow', channels: [pastOf('long', PAGES * 100, 300)] }] });
});
afterAll(() => stage?.close());

test('a limit that is set for one account is obeyed by the job that runs', async () => {
  const slow = await stage.connect('Slow');
  await stage.api.call('PUT', `/instances/${slow.id}/settings/${LIMIT}`, { value: 60 });
  const { jobId } = await stage.api.startSync(slow.id, { depth: 'all' });
  const pages = async (): Promise<number> => (await stage.api.job(slow.id, jobId)).progress.pages;
  // Ten requests in ten seconds, and no more.
  await vi.waitFor(async () => expect(await pages()).toBe(10), PATIENCE);
  expect((await stage.api.job(slow.id, jobId)).status).not.toBe('completed');
  await expect(stage.api.call('PUT', `/instances/${slow.id}/settings/${LIMIT}`, { value: 0 })).rejects.toMatchObject({
    status: 400,
  });
  expect(await pages()).toBeLessThanOrEqual(20);
  const raisedAt = Date.now();
  await stage.api.call('PUT', `/instances/${slow.id}/settings/${LIMIT}`, { value: 1_000_000 });
  await vi.waitFor(async () => expect(await pages()).toBeGreaterThan(20), { timeout: 5_000, interval: 20 });
  // Under the old limit the eleventh request had to wait for ten seconds, and the rest for three minutes.
  expect((await stage.api.finished(slow.id, jobId)).status).toBe('completed');
  expect(Date.now() - raisedAt).toBeLessThan(60_000);
});
