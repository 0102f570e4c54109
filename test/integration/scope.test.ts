import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY_MS, pastOf } from '../harness/history.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';

const NAMES = ['Channel', 'Conversations', 'Unknown', 'Denied'] as const;

let stage: Stage;

beforeAll(async () => {
  const guilds = NAMES.map((name) => ({
    name,
    channels: [
      {
        ...pastOf('wanted', 220),
        threads: [
          pastOf('active thread', 30, 5),
          { ...pastOf('archived thread', 120, 20, 10), archivedAt: Date.now() - 9 * DAY_MS },
          { ...pastOf('private thread', 40, 20, 10), archivedAt: Date.now() - 9 * DAY_MS, private: true },
        ],
      },
      { ...pastOf('unwanted', 220), threads: [pastOf('unwanted thread', 30, 5)] },
      { ...pastOf('hidden', 50), deny: ['ViewChannel' as const] },
      { ...pastOf('no history', 50), deny: ['ReadMessageHistory' as const] },
    ],
  }));
  stage = await Stage.open({ guilds });
});
afterAll(() => stage.close());

const truthOf = (name: string, channels: readonly string[]) =>
  channels.flatMap((channel) => stage.truth(name, stage.channel(name, channel)));

const storedIds = async (instanceId: string): Promise<Set<string>> =>
  new Set((await Array.fromAsync(stage.api.events(instanceId))).map(({ externalId }) => externalId));

test('channelId narrows a sync to one channel and its threads', async () => {
  const instance = await stage.connect('Channel');
  const wanted = truthOf('Channel', ['wanted', 'active thread', 'archived thread', 'private thread']);
  const job = await stage.api.sync(instance.id, { depth: 'all', channelId: stage.channel('Channel', 'wanted') });
  expect(job).toMatchObject({
    status: 'completed',
    progress: { stored: wanted.length, conversationsTotal: 4, errorCount: 0 },
  });
  expect(await storedIds(instance.id)).toEqual(new Set(wanted.map(({ messageId }) => messageId)));
  for (const name of ['unwanted', 'unwanted thread']) expect(stage.reads(stage.channel('Channel', name))).toBe(0);
});

test('conversationIds narrow a sync to just these', async () => {
  const instance = await stage.connect('Conversations');
  await stage.api.sync(instance.id, { depth: '7d', channelId: stage.channel('Conversations', 'wanted') });
  const names = ['wanted', 'archived thread'];
  const rows = await Promise.all(
    names.map((name) => stage.coverage(instance.id, stage.channel('Conversations', name))),
  );
  const before = stage.reads(stage.channel('Conversations', 'private thread'));
  const conversationIds = rows.map(({ conversationId }) => conversationId);
  const job = await stage.api.sync(instance.id, { depth: 'all', conversationIds });
  expect(job).toMatchObject({ status: 'completed', progress: { conversationsTotal: 2, conversationsDone: 2 } });
  const stored = await storedIds(instance.id);
  for (const { messageId } of truthOf('Conversations', names)) expect(stored).toContain(messageId);
  expect(stage.reads(stage.channel('Conversations', 'private thread'))).toBe(before);
});

test('a channel that does not exist is noted, and the job completes', async () => {
  const instance = await stage.connect('Unknown');
  const job = await stage.api.sync(instance.id, { depth: 'all', channelId: '123456789012345678' });
  expect(job).toMatchObject({
    status: 'completed',
    progress: {
      fetched: 0,
      errorCount: 1,
      errors: [{ externalId: '123456789012345678', message: expect.any(String) }],
    },
  });
});

test('channels that may not be read are told, and never asked for', async () => {
  const instance = await stage.connect('Denied');
  const job = await stage.api.sync(instance.id, { depth: 'all' });
  expect(job.status).toBe('completed');
  const denied = ['hidden', 'no history'].map((name) => stage.channel('Denied', name));
  expect(job.progress.errors.map(({ externalId, reason }) => ({ externalId, reason }))).toEqual(
    expect.arrayContaining(denied.map((externalId) => ({ externalId, reason: 'no_access' }))),
  );
  expect(job.progress.errorCount).toBe(denied.length);
  for (const channelId of denied) expect(stage.reads(channelId)).toBe(0);
  expect(stage.discord.requests.forbidden).toBe(0);
  expect(stage.discord.requests.byStatus.get(403) ?? 0).toBe(0);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);

  stage.discord.world.allow(denied[1] as string);
  const again = await stage.api.sync(instance.id, { depth: 'all' });
  expect(again.progress).toMatchObject({ stored: 50, errorCount: 1 });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});
