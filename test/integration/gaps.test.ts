import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InstanceShown } from '../harness/api-client.ts';
import { DAY_MS, daysAgo, pastOf } from '../harness/history.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';

const NAMES = ['Outage', 'Windows', 'Until', 'Since', 'Depth'] as const;

let stage: Stage;

beforeAll(async () => {
  const guilds = NAMES.map((name) => ({ name, channels: [pastOf('long', 1_000, 40), pastOf('other', 50, 3)] }));
  stage = await Stage.open({ guilds });
});
afterAll(() => stage.close());

const setting = async (name: (typeof NAMES)[number]) => ({
  instance: await stage.connect(name),
  long: stage.channel(name, 'long'),
});

/** Runs a sync of the whole instance, and counts the reads of one channel. */
const syncReading = async (instance: InstanceShown, channelId: string, request: Record<string, unknown>) => {
  const before = stage.reads(channelId);
  const job = await stage.api.sync(instance.id, request);
  expect(job.status).toBe('completed');
  return { job, reads: stage.reads(channelId) - before };
};

/** How many messages the platform has in a stretch of time, bounds included. */
const countBetween = (name: string, channelId: string, from: string, to: string): number =>
  stage.truth(name, channelId).filter(({ timestamp }) => timestamp >= Date.parse(from) && timestamp <= Date.parse(to))
    .length;

test('an outage leaves a gap that coverage shows, and the next sync fills it', async () => {
  const { instance, long } = await setting('Outage');
  await syncReading(instance, long, { depth: 'all' });
  expect((await stage.coverage(instance.id, long)).gaps).toEqual([]);

  await stage.stop();
  const missed = Array.from({ length: 30 }, (_, at) =>
    stage.discord.world.postMessage(long, { content: `missed ${at}`, silent: true }),
  );
  await stage.start();
  await stage.reaches(instance.id, 'online');
  await stage.storedLive(instance, long);

  const shown = await stage.coverage(instance.id, long);
  expect(shown.spans).toHaveLength(2);
  expect(shown.spans[0]).toMatchObject({ live: true, reachesStart: false });
  expect(shown.spans[1]).toMatchObject({ reachesStart: true });
  expect(shown.gaps).toEqual([{ from: shown.spans[1]?.to, to: shown.spans[0]?.from }]);

  const { job, reads } = await syncReading(instance, long, { depth: 'all' });
  expect(job.progress.stored).toBe(missed.length);
  expect(reads).toBe(1);
  expect(await stage.coverage(instance.id, long)).toMatchObject({
    gaps: [],
    spans: [{ reachesStart: true, live: true }],
  });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('between two disjoint windows lies a gap, and a job that asks for its time fills it and nothing else', async () => {
  const { instance, long } = await setting('Windows');
  const [upper, lower] = [
    { since: daysAgo(8), until: daysAgo(4) },
    { since: daysAgo(30), until: daysAgo(20) },
  ];
  await syncReading(instance, long, { ...upper, channelId: long });
  await syncReading(instance, long, { ...lower, channelId: long });

  const shown = await stage.coverage(instance.id, long);
  expect(shown.spans.map(({ from, to }) => ({ since: from, until: to }))).toEqual([upper, lower]);
  expect(shown.gaps).toEqual([
    { from: upper.until, to: null },
    { from: lower.until, to: upper.since },
    { from: null, to: lower.since },
  ]);

  const between = { since: lower.until, until: upper.since };
  const inGap = countBetween('Windows', long, between.since, between.until);
  const { job, reads } = await syncReading(instance, long, { ...between, channelId: long });
  expect(job.progress).toMatchObject({ stored: inGap });
  expect(reads).toBeLessThanOrEqual(Math.ceil(inGap / 100) + 1);
  const held = await stage.coverage(instance.id, long);
  expect(held.spans).toMatchObject([{ from: lower.since, to: upper.until }]);
  expect(await stage.stored(instance.id, long)).toHaveLength(countBetween('Windows', long, lower.since, upper.until));

  expect((await syncReading(instance, long, { ...between, channelId: long })).reads).toBe(0);
  await syncReading(instance, long, { depth: 'all' });
  expect((await stage.coverage(instance.id, long)).gaps).toEqual([]);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('an `until` in the past keeps what is newer out', async () => {
  const { instance, long } = await setting('Until');
  const until = daysAgo(12);
  const { job } = await syncReading(instance, long, { since: daysAgo(400), until, channelId: long });
  const wanted = countBetween('Until', long, daysAgo(400), until);
  expect(job.progress).toMatchObject({ fetched: wanted, stored: wanted, duplicates: 0 });
  const stored = await stage.stored(instance.id, long);
  expect(stored).toHaveLength(wanted);
  expect(stored.every(({ timestamp }) => timestamp <= until)).toBe(true);
  expect(await stage.coverage(instance.id, long)).toMatchObject({
    spans: [{ to: until, reachesStart: true }],
    gaps: [{ from: until, to: null }],
    stopReason: 'start_of_history',
  });
});

test('a narrow `since` stores nothing older, and asks for little more than it wants', async () => {
  const { instance, long } = await setting('Since');
  const since = daysAgo(2);
  const wanted = countBetween('Since', long, since, daysAgo(0));
  const { job, reads } = await syncReading(instance, long, { since, channelId: long });
  expect(job.progress).toMatchObject({ fetched: wanted, stored: wanted });
  expect(reads).toBeLessThanOrEqual(Math.ceil(wanted / 100) + 1);
  const { spans, gaps, stopReason } = await stage.coverage(instance.id, long);
  expect({ spans, gaps, stopReason }).toMatchObject({
    spans: [{ from: since }],
    gaps: [{ from: null, to: since }],
    stopReason: 'depth_reached',
  });
});

test('after seven days, `all` reads only what is older', async () => {
  const { instance, long } = await setting('Depth');
  const seven = await syncReading(instance, long, { depth: '7d' });
  const horizon = Date.now() - 7 * DAY_MS;
  const recent = stage.truth('Depth', long).filter(({ timestamp }) => timestamp >= horizon).length;
  expect((await stage.stored(instance.id, long)).length).toBe(recent);
  expect(seven.reads).toBe(Math.ceil((recent + 1) / 100));

  const all = await syncReading(instance, long, { depth: 'all' });
  expect(all.job.progress).toMatchObject({ stored: 1_000 - recent, duplicates: 0 });
  expect(all.reads).toBeLessThanOrEqual(Math.ceil((1_000 - recent) / 100) + 1);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});
