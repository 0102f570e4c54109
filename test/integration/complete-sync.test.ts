import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InstanceShown, JobShown } from '../harness/api-client.ts';
import { pastOf } from '../harness/history.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';
import { Chance } from '../simulators/discord/chance.ts';
import { defaultWorld } from '../simulators/discord/world/default-world.ts';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const NEW_COUNTS = [0, 1, 99, 100, 101, 250] as const;
const ROUNDS = 6;

const counted = NEW_COUNTS.map((count) => pastOf(`gets-${count}`, 130));
const varied = Array.from({ length: 8 }, (_, at) => pastOf(`random-${at}`, at * 40));

let stage: Stage;

beforeAll(async () => {
  const everything = defaultWorld(Date.now());
  stage = await Stage.open({
    guilds: [
      ...everything.guilds,
      { name: 'Stopped', channels: counted },
      { name: 'Disconnected', channels: counted },
      { name: 'Connected', channels: counted },
      { name: 'Random', channels: varied },
    ],
    bots: [
      { name: 'Everywhere', guilds: everything.guilds.map(({ name }) => name) },
      ...['Stopped', 'Disconnected', 'Connected', 'Random'].map((name) => ({ name, guilds: [name] })),
    ],
  });
});
afterAll(() => stage.close());

const write = (channelId: string, count: number, silent: boolean): void => {
  for (let written = 0; written < count; written++) {
    stage.discord.world.postMessage(channelId, { content: `number ${written}`, silent });
  }
};

/** Runs a sync; returns its job, and how often each channel was read for it. */
const readsOf = async (instance: InstanceShown, request: Record<string, unknown>) => {
  const before = new Map(stage.discord.requests.messagesByChannel);
  const job = await stage.api.sync(instance.id, request);
  const reads = (channelId: string): number => stage.reads(channelId) - (before.get(channelId) ?? 0);
  return { job, reads };
};

const expectUntouched = (job: JobShown): void => {
  expect(job).toMatchObject({ status: 'completed', progress: { fetched: 0, stored: 0, duplicates: 0, pages: 0 } });
};

test('a full sync holds every readable message of every kind of place exactly once', async () => {
  const everywhere = await stage.connect('Everywhere');
  const job = await stage.api.sync(everywhere.id, { depth: 'all' });

  const comparison = await stage.compare(everywhere);
  expect(comparison).toMatchObject(COMPLETE);
  expect(job).toMatchObject({
    status: 'completed',
    waitingFor: null,
    progress: { stored: comparison.expected, fetched: comparison.expected, duplicates: 0, percent: 100, etaMs: 0 },
  });
  const read = [...stage.discord.world.channels()].filter(({ id }) => stage.reads(id) > 0).map(({ name }) => name);
  expect(read).toEqual(
    expect.arrayContaining([
      ...['general', 'news', 'lounge', 'workbench', 'archive-2023', 'team-1'],
      ...['lunch', 'launch-2024', 'secret-joined', 'secret-managed', 'secret-active'],
      ...['news-questions', 'how-to-start', 'old-question', 'sunset'],
    ]),
  );
  expect(stage.discord.requests.forbidden).toBe(0);

  const again = await readsOf(everywhere, { depth: 'all' });
  expectUntouched(again.job);
  expect(await stage.compare(everywhere)).toMatchObject(COMPLETE);
});

test.each([
  ['Stopped', () => stage.stop(), () => stage.start()],
  [
    'Disconnected',
    async (id: string) => {
      await stage.api.call('POST', `/instances/${id}/disconnect`);
      await stage.reaches(id, 'stopped');
    },
    (id: string) => stage.api.call('POST', `/instances/${id}/connect`),
  ],
] as const)(
  '%s meanwhile, a sync asks for at most ⌈new/100⌉ + 1 pages of what is new, and for none of the rest',
  async (name, leave, comeBack) => {
    const instance = await stage.connect(name);
    await stage.api.sync(instance.id, { depth: 'all' });

    await leave(instance.id);
    for (const count of NEW_COUNTS) write(stage.channel(name, `gets-${count}`), count, true);
    await comeBack(instance.id);
    await stage.reaches(instance.id, 'online');

    const { job, reads } = await readsOf(instance, { depth: 'all' });
    expect(job.progress.stored).toBe(NEW_COUNTS.reduce<number>((sum, count) => sum + count, 0));
    for (const count of NEW_COUNTS) {
      const asked = reads(stage.channel(name, `gets-${count}`));
      expect(asked, `pages for ${count} new messages`).toBeLessThanOrEqual(
        count === 0 ? 0 : Math.ceil(count / 100) + 1,
      );
    }
    expect(await stage.compare(instance)).toMatchObject(COMPLETE);
    expectUntouched((await readsOf(instance, { depth: 'all' })).job);
  },
);

test('what came live while connected is asked for by no sync', async () => {
  const instance = await stage.connect('Connected');
  await stage.api.sync(instance.id, { depth: 'all' });
  for (const count of NEW_COUNTS) write(stage.channel('Connected', `gets-${count}`), count, false);
  await stage.storedLive(instance);

  expectUntouched((await readsOf(instance, { depth: 'all' })).job);
});

test(`whatever comes and goes, a sync reads what is missing and nothing else (seed ${SEED})`, async () => {
  const chance = new Chance(SEED);
  const instance = await stage.connect('Random');
  await stage.api.sync(instance.id, { depth: 'all' });
  for (let round = 0; round < ROUNDS; round++) {
    const away = round % 2 === 0;
    if (away) await stage.stop();
    const written = new Map<string, number>();
    for (const { name } of varied) {
      if (chance.next() < 0.5) continue;
      const channelId = stage.channel('Random', name);
      const count = Math.floor(chance.next() * 230);
      write(channelId, count, away);
      written.set(channelId, count);
    }
    if (away) await stage.start();
    await stage.reaches(instance.id, 'online');

    const { reads } = await readsOf(instance, { depth: 'all' });
    expect(await stage.compare(instance), `round ${round}`).toMatchObject(COMPLETE);
    for (const { name } of varied) {
      const channelId = stage.channel('Random', name);
      const count = written.get(channelId) ?? 0;
      const most = count === 0 ? 0 : Math.ceil(count / 100) + 1;
      expect(reads(channelId), `${name}: ${count} new in round ${round}`).toBeLessThanOrEqual(most);
    }
  }
});
