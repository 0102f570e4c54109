import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiRefused, type JobShown } from '../harness/api-client.ts';
import { pastOf } from '../harness/history.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';

const NAMES = ['Twice', 'Apart', 'Same', 'Cancelled', 'Paused', 'Discarded', 'Refreshed'] as const;
const MESSAGES = '/channels/:channelId/messages';
const LONG = 1_500;
/**
 * A platform answers slower than we store: what leaves after an order is one page at most, not what was queued before
 * it.
 */
const LATENCY_MS = 60;

let stage: Stage;

beforeAll(async () => {
  const guilds = NAMES.map((name) => ({ name, channels: [pastOf('long', LONG), pastOf('short', 150)] }));
  stage = await Stage.open({ guilds }, { latencyMs: LATENCY_MS });
});
afterAll(() => stage.close());

const setting = async (name: (typeof NAMES)[number]) => ({
  instance: await stage.connect(name),
  long: stage.channel(name, 'long'),
  short: stage.channel(name, 'short'),
});

/** Keeps every page of a channel back until it is released. */
const hold = (channelId: string) =>
  stage.discord.faults.add({ kind: 'slow' }, { route: MESSAGES, channelId, times: 1_000 });

/** Resolves when a channel has been read so often. */
const readTimes = (channelId: string, times: number): Promise<void> =>
  new Promise((resolve) => {
    const stop = stage.discord.requests.onRequest((request) => {
      if (request.route !== MESSAGES || stage.reads(channelId) < times) return;
      stop();
      resolve();
    });
  });

const order = (job: Pick<JobShown, 'jobId'>, instanceId: string, what: 'cancel' | 'pause' | 'resume') =>
  stage.api.call('POST', `/instances/${instanceId}/sync/${job.jobId}/${what}`);

test('a second sync of the same scope is refused with the id of the first', async () => {
  const { instance, long } = await setting('Twice');
  const held = hold(long);
  const first = await stage.api.startSync(instance.id, { depth: 'all' });
  await held.struck();
  const refused = await stage.api.startSync(instance.id, { depth: '7d' }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiRefused);
  expect(refused).toMatchObject({ status: 409, code: 'sync_active', details: { jobId: first.jobId } });
  held.remove();
  await stage.api.finished(instance.id, first.jobId);
  expect(await stage.api.sync(instance.id, { depth: '7d' })).toMatchObject({ status: 'completed' });
});

test('jobs of different scopes run side by side', async () => {
  const { instance, long, short } = await setting('Apart');
  const held = hold(long);
  const first = await stage.api.startSync(instance.id, { depth: 'all', channelId: long });
  await held.struck();
  expect(await stage.api.sync(instance.id, { depth: 'all', channelId: short })).toMatchObject({ status: 'completed' });
  expect((await stage.api.job(instance.id, first.jobId)).status).toBe('running');
  held.remove();
  await stage.api.finished(instance.id, first.jobId);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('a conversation has one walker: the other job waits, says so, and finds nothing left to read', async () => {
  const { instance, long } = await setting('Same');
  const held = hold(long);
  const first = await stage.api.startSync(instance.id, { depth: 'all' });
  await held.struck();
  const { conversationId } = await stage.coverage(instance.id, long);
  const second = await stage.api.startSync(instance.id, { depth: 'all', conversationIds: [conversationId] });
  expect(await stage.jobReaches(instance.id, second.jobId, 'waiting')).toMatchObject({
    waitingFor: { what: 'walk', detail: 'Another job is reading long.' },
  });
  held.remove();
  expect(await stage.api.finished(instance.id, first.jobId)).toMatchObject({
    status: 'completed',
    progress: { duplicates: 0 },
  });
  expect(await stage.api.finished(instance.id, second.jobId)).toMatchObject({
    status: 'completed',
    progress: { pages: 0 },
  });
  expect(stage.reads(long)).toBeLessThanOrEqual(LONG / 100 + 1);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('cancel is effective within one page', async () => {
  const { instance, long } = await setting('Cancelled');
  const some = readTimes(long, 5);
  const job = await stage.api.startSync(instance.id, { depth: 'all' });
  await some;
  await order(job, instance.id, 'cancel');
  const accepted = stage.reads(long);
  const ended = await stage.api.finished(instance.id, job.jobId);
  expect(ended.status).toBe('cancelled');
  expect(stage.reads(long) - accepted).toBeLessThanOrEqual(1);
  expect((await stage.coverage(instance.id, long)).stopReason).toBe('cancelled');
  expect((await stage.stored(instance.id, long)).length).toBe(ended.progress.stored);

  const again = await stage.api.sync(instance.id, { depth: 'all' });
  expect(again.progress).toMatchObject({ stored: LONG + 150 - ended.progress.stored, duplicates: 0 });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('pause is effective within one page, and resume goes on where it stopped', async () => {
  const { instance, long } = await setting('Paused');
  const some = readTimes(long, 5);
  const job = await stage.api.startSync(instance.id, { depth: 'all' });
  await some;
  // The order comes while a page is under way: how fast it is carried out says nothing of the machine then.
  const held = hold(long);
  await held.struck();
  await order(job, instance.id, 'pause');
  const accepted = stage.reads(long);
  held.remove();
  const paused = await stage.jobReaches(instance.id, job.jobId, 'paused');
  expect(stage.reads(long) - accepted).toBeLessThanOrEqual(1);
  const refused = await stage.api.startSync(instance.id, {}).catch((error: unknown) => error);
  expect(refused).toMatchObject({ status: 409, details: { jobId: job.jobId } });

  const before = stage.reads(long);
  await order(job, instance.id, 'resume');
  const ended = await stage.api.finished(instance.id, job.jobId);
  expect(ended).toMatchObject({ status: 'completed', progress: { stored: LONG + 150, duplicates: 0, percent: 100 } });
  const left = LONG - paused.progress.stored;
  expect(stage.reads(long) - before).toBeLessThanOrEqual(Math.ceil(left / 100) + 1);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('a page that is under way when its job is cancelled is discarded', async () => {
  const { instance, long } = await setting('Discarded');
  const held = hold(long);
  const job = await stage.api.startSync(instance.id, { depth: 'all' });
  await held.struck();
  const { stored: before } = (await stage.api.job(instance.id, job.jobId)).progress;
  await order(job, instance.id, 'cancel');
  await stage.api.finished(instance.id, job.jobId);
  held.remove();
  await stage.storedLive(instance);
  const ended = await stage.api.job(instance.id, job.jobId);
  expect(ended).toMatchObject({ status: 'cancelled', progress: { stored: before } });
  expect((await stage.coverage(instance.id, long)).spans.filter(({ live }) => !live)).toEqual([]);
});

test('a refresh reads what is held again, and brings the edits and deletions that were made while away', async () => {
  const { instance, long, short } = await setting('Refreshed');
  await stage.api.sync(instance.id, { depth: 'all' });
  await stage.stop();
  const edited = [...stage.truth('Refreshed', long).slice(100, 103), ...stage.truth('Refreshed', short).slice(0, 2)];
  for (const { channelId, messageId } of edited) {
    stage.discord.world.editMessage(channelId, messageId, `edited ${messageId}`, { silent: true });
  }
  const deleted = [stage.truth('Refreshed', long)[50], stage.truth('Refreshed', short).at(-1)].flatMap(
    (one) => one ?? [],
  );
  for (const { channelId, messageId } of deleted) {
    stage.discord.world.deleteMessage(channelId, messageId, { silent: true });
  }
  await stage.start();
  await stage.reaches(instance.id, 'online');
  const before = await stage.compare(instance);
  expect(before.different).toHaveLength(edited.length);
  expect(before.surplus).toHaveLength(deleted.length);

  const job = await stage.api.sync(instance.id, { depth: 'all', refresh: true });
  expect(job).toMatchObject({
    status: 'completed',
    progress: { stored: 0, updated: edited.length, fetched: LONG + 150 - deleted.length },
  });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});
