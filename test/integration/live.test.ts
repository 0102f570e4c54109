import { afterAll, beforeAll, expect, test } from 'vitest';
import { pastOf } from '../harness/history.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';

const NAMES = ['Plain', 'Overtaken', 'Meanwhile', 'Gone', 'GoneAway', 'Thread'] as const;
const MESSAGES = '/channels/:channelId/messages';

let stage: Stage;

beforeAll(async () => {
  const guilds = NAMES.map((name) => ({ name, channels: [pastOf('talk', 250), pastOf('other', 20)] }));
  stage = await Stage.open({ guilds });
});
afterAll(() => stage.close());

const setting = async (name: (typeof NAMES)[number]) => ({
  instance: await stage.connect(name),
  talk: stage.channel(name, 'talk'),
  world: stage.discord.world,
});

test('messages that are written, edited and deleted while connected are stored as they happen', async () => {
  const { instance, talk, world } = await setting('Plain');
  const [kept, edited, deleted, first, second] = ['kept', 'to edit', 'to delete', 'one of many', 'another'].map(
    (content) => world.postMessage(talk, { content }),
  ) as [string, string, string, string, string];
  world.editMessage(talk, edited, 'edited');
  world.deleteMessage(talk, deleted);
  world.deleteMessages(talk, [first, second]);
  await stage.storedLive(instance, talk);

  const stored = new Map((await stage.stored(instance.id, talk)).map((event) => [event.externalId, event]));
  expect(stored.get(kept)).toMatchObject({ text: 'kept', source: 'live', editedAt: null, deletedAt: null });
  expect(stored.get(edited)).toMatchObject({ text: 'edited', source: 'live', editedAt: expect.any(String) });
  for (const id of [deleted, first, second]) expect(stored.get(id)).toMatchObject({ deletedAt: expect.any(String) });

  await stage.api.sync(instance.id, { depth: 'all' });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('an edit and a deletion that overtake a page under way are not undone by it', async () => {
  const { instance, talk, world } = await setting('Overtaken');
  const [toEdit, toDelete] = stage
    .truth('Overtaken', talk)
    .slice(-2)
    .map(({ messageId }) => messageId) as [string, string];
  const held = stage.discord.faults.add({ kind: 'slow' }, { route: MESSAGES, channelId: talk });
  const { jobId } = await stage.api.startSync(instance.id, { depth: 'all' });
  await held.struck();
  world.editMessage(talk, toEdit, 'edited while the page was under way');
  world.deleteMessage(talk, toDelete);
  await stage.storedLive(instance, talk);
  held.release();

  expect(await stage.api.finished(instance.id, jobId)).toMatchObject({ status: 'completed' });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
  const stored = await stage.stored(instance.id, talk);
  expect(stored.find(({ externalId }) => externalId === toEdit)?.text).toBe('edited while the page was under way');
});

test('live messages during a sync are neither lost nor doubled', async () => {
  const { instance, talk, world } = await setting('Meanwhile');
  const held = stage.discord.faults.add({ kind: 'slow' }, { route: MESSAGES, channelId: talk, times: 3 });
  const { jobId } = await stage.api.startSync(instance.id, { depth: 'all' });
  await held.struck();
  const stop = stage.discord.requests.onRequest(({ channelId }) => {
    if (channelId === talk) world.postMessage(talk, { content: 'written while a page is asked for' });
  });
  for (let at = 0; at < 20; at++) world.postMessage(talk, { content: `live ${at}` });
  held.release();
  expect(await stage.api.finished(instance.id, jobId)).toMatchObject({ status: 'completed' });
  stop();
  await stage.storedLive(instance, talk);

  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
  expect(await stage.coverage(instance.id, talk)).toMatchObject({
    gaps: [],
    spans: [{ live: true, reachesStart: true }],
  });
  const reads = stage.reads(talk);
  await stage.api.sync(instance.id, { depth: 'all' });
  expect(stage.reads(talk)).toBe(reads);
});

test.each([
  ['Gone', 'while connected', false],
  ['GoneAway', 'while away', true],
] as const)('%s: the newest message deleted %s makes no sync ask again', async (name, _when, silent) => {
  const { instance, talk, world } = await setting(name);
  await stage.api.sync(instance.id, { depth: 'all' });
  const newest = stage.truth(name, talk).at(-1)?.messageId as string;
  if (silent) await stage.stop();
  world.deleteMessage(talk, newest, { silent });
  if (silent) await stage.start();
  await stage.reaches(instance.id, 'online');
  if (!silent) {
    const isMarked = async () => (await stage.stored(instance.id, talk))[0]?.deletedAt !== null;
    await expect.poll(isMarked, { timeout: 10_000 }).toBe(true);
  }
  for (let time = 0; time < 2; time++) {
    const reads = stage.reads(talk);
    expect(await stage.api.sync(instance.id, { depth: 'all' })).toMatchObject({ progress: { pages: 0, fetched: 0 } });
    expect(stage.reads(talk)).toBe(reads);
  }
});

test('a thread that is opened while connected is stored from its first message on', async () => {
  const { instance, talk, world } = await setting('Thread');
  const thread = world.createThread(talk, { name: 'opened live' });
  for (let at = 0; at < 3; at++) world.postMessage(thread.id, { content: `in the thread ${at}` });
  await stage.storedLive(instance, talk);
  expect((await stage.stored(instance.id, thread.id)).map(({ text, source }) => [text, source])).toEqual([
    ['in the thread 2', 'live'],
    ['in the thread 1', 'live'],
    ['in the thread 0', 'live'],
  ]);
  await stage.api.sync(instance.id, { depth: 'all' });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});
