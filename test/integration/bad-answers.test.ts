import { afterAll, beforeAll, test } from 'vitest';
import { pastOf } from '../harness/history.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';
import type { MessageDefect, RestFault } from '../simulators/discord/faults/fault.ts';

const MESSAGES = '/channels/:channelId/messages';

const ANSWERS: readonly (readonly [string, RestFault])[] = [
  ['an error 500', { kind: 'status', status: 500 }],
  ['a 502 in HTML', { kind: 'html' }],
  ['a body that is cut off', { kind: 'cutBody' }],
  ['text that is no JSON', { kind: 'notJson' }],
  ['JSON of another shape', { kind: 'wrongShape' }],
  ['a connection that is reset', { kind: 'reset' }],
  ['an answer that takes its time', { kind: 'slow', ms: 300 }],
];

const DEFECTS: readonly { readonly defect: MessageDefect; readonly kept: boolean }[] = [
  { defect: 'noId', kept: false },
  { defect: 'numericId', kept: false },
  { defect: 'nullEntry', kept: false },
  { defect: 'numericContent', kept: true },
];

/** Not as Discord has it, and yet all there: the id tells the time. */
const MENDED: readonly MessageDefect[] = ['noTimestamp', 'badTimestamp'];

const DENIALS = [403, 404] as const;

let stage: Stage;

beforeAll(async () => {
  const names = [
    ...ANSWERS.map(([what]) => what),
    ...DEFECTS.map(({ defect }) => defect),
    ...MENDED,
    ...DENIALS.map((status) => `denied with ${status}`),
    ...['always failing', 'a bad list', 'a hopeless list', 'NUL'],
  ];
  stage = await Stage.open({
    guilds: names.map((name) => ({ name, channels: [pastOf('hit', 350), pastOf('spared', 120)] })),
  });
});
afterAll(() => stage.close());

test.concurrent.for(ANSWERS)('%s costs a retry, and nothing is lost', async ([what, fault], { expect }) => {
  const instance = await stage.connect(what);
  const struck = stage.discord.faults.add(fault, { route: MESSAGES, channelId: stage.channel(what, 'hit'), skip: 1 });
  const job = await stage.api.sync(instance.id, { depth: 'all' });
  expect(struck.count).toBe(1);
  expect(job).toMatchObject({ status: 'completed', progress: { stored: 470, fetched: 470, duplicates: 0 } });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test.concurrent.for(DEFECTS)(
  'an entry with the defect $defect is counted, kept where it has a place, and sinks nothing',
  async ({ defect, kept }, { expect }) => {
    const instance = await stage.connect(defect);
    const hit = stage.channel(defect, 'hit');
    stage.discord.faults.add({ kind: 'malformedMessage', defect }, { route: MESSAGES, channelId: hit });
    const job = await stage.api.sync(instance.id, { depth: 'all' });
    expect(job).toMatchObject({
      status: 'completed',
      progress: {
        fetched: 470,
        stored: 469,
        malformed: 1,
        errorCount: 1,
        errors: [{ externalId: hit, reason: 'malformed_message' }],
      },
    });
    const comparison = await stage.compare(instance);
    expect(comparison).toMatchObject({ surplus: [], doubled: [] });
    const raw = (await stage.stored(instance.id, hit)).filter(({ type }) => type === 'unknown');
    if (kept) {
      expect(comparison).toMatchObject({ stored: 470, missing: [] });
      expect(raw).toEqual([
        expect.objectContaining({ text: null, payload: expect.objectContaining({ id: raw[0]?.externalId }) }),
      ]);
    } else {
      expect(comparison).toMatchObject({ stored: 469, different: [], missing: [expect.any(String)] });
      expect(raw).toEqual([]);
    }

    const again = await stage.api.sync(instance.id, { depth: 'all', refresh: true });
    expect(again.progress.errorCount).toBe(0);
    expect(await stage.compare(instance)).toMatchObject(COMPLETE);
  },
);

test.concurrent.for(MENDED)('an entry with the defect %s is mended', async (defect, { expect }) => {
  const instance = await stage.connect(defect);
  stage.discord.faults.add(
    { kind: 'malformedMessage', defect },
    { route: MESSAGES, channelId: stage.channel(defect, 'hit') },
  );
  const job = await stage.api.sync(instance.id, { depth: 'all' });
  expect(job).toMatchObject({ status: 'completed', progress: { stored: 470, malformed: 0, errorCount: 0 } });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test.concurrent.for(DENIALS)(
  'a %i in the middle leaves the channel with its reason, and the next job goes on where it ended',
  async (status, { expect }) => {
    const name = `denied with ${status}`;
    const instance = await stage.connect(name);
    const hit = stage.channel(name, 'hit');
    stage.discord.faults.add(
      { kind: 'status', status, message: 'Missing Access' },
      { route: MESSAGES, channelId: hit, skip: 2 },
    );
    const job = await stage.api.sync(instance.id, { depth: 'all' });
    expect(job).toMatchObject({
      status: 'completed',
      progress: {
        stored: 320,
        errorCount: 1,
        errors: [{ externalId: hit, reason: 'no_access', message: expect.stringContaining(String(status)) }],
      },
    });
    expect(await stage.coverage(instance.id, hit)).toMatchObject({
      stopReason: 'no_access',
      unreadable: expect.any(String),
    });

    const again = await stage.api.sync(instance.id, { depth: 'all' });
    expect(again.progress).toMatchObject({ stored: 150, duplicates: 0, errorCount: 0 });
    expect(await stage.compare(instance)).toMatchObject(COMPLETE);
  },
);

test.concurrent('a channel that fails again and again is left with a platform error, and the next job completes it', async ({
  expect,
}) => {
  const name = 'always failing';
  const instance = await stage.connect(name);
  const hit = stage.channel(name, 'hit');
  const fault = stage.discord.faults.add(
    { kind: 'status', status: 500 },
    { route: MESSAGES, channelId: hit, skip: 1, times: 1_000 },
  );
  const job = await stage.api.sync(instance.id, { depth: 'all' });
  expect(job).toMatchObject({
    status: 'completed',
    progress: { stored: 220, errorCount: 1, errors: [{ externalId: hit, reason: 'platform_error' }] },
  });
  expect(fault.count).toBe(5);
  expect(await stage.coverage(instance.id, hit)).toMatchObject({ stopReason: 'platform_error', unreadable: null });

  fault.remove();
  const again = await stage.api.sync(instance.id, { depth: 'all' });
  expect(again.progress).toMatchObject({ stored: 250, duplicates: 0, errorCount: 0 });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test.concurrent('text with NUL and half a surrogate is stored as far as the database can hold it', async ({
  expect,
}) => {
  const instance = await stage.connect('NUL');
  const hit = stage.channel('NUL', 'hit');
  stage.discord.faults.add({ kind: 'malformedMessage', defect: 'nulContent' }, { route: MESSAGES, channelId: hit });
  const job = await stage.api.sync(instance.id, { depth: 'all' });
  expect(job).toMatchObject({ status: 'completed', progress: { stored: 470, malformed: 0, errorCount: 0 } });
  const texts = (await stage.stored(instance.id, hit)).map(({ text }) => text ?? '');
  expect(texts.filter((text) => /^a.?b.?c$/su.test(text))).toEqual([expect.not.stringContaining('\0')]);
});

test.concurrent('a list of channels that comes broken is asked for again', async ({ expect }) => {
  const name = 'a bad list';
  const instance = await stage.connect(name);
  const guildId = stage.discord.world.guilds.find((guild) => guild.name === name)?.id ?? 'none';
  const faults = ['/guilds/:guildId/channels', '/guilds/:guildId/threads/active'].map((route) =>
    stage.discord.faults.add({ kind: 'html' }, { route, guildId }),
  );
  const job = await stage.api.sync(instance.id, { depth: 'all' });
  expect(job.status).toBe('completed');
  expect(faults.map(({ count }) => count)).toEqual([1, 1]);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test.concurrent('a list that comes broken five times is passed over, and everything else is read', async ({
  expect,
}) => {
  const name = 'a hopeless list';
  const instance = await stage.connect(name);
  const hit = stage.channel(name, 'hit');
  const route = '/channels/:channelId/threads/archived/public';
  const fault = stage.discord.faults.add({ kind: 'html' }, { route, channelId: hit, times: 1_000 });
  const job = await stage.api.sync(instance.id, { depth: 'all' });
  expect(fault.count).toBe(5);
  expect(job).toMatchObject({
    status: 'completed',
    progress: { stored: 470, errorCount: 1, errors: [{ externalId: hit, reason: 'threads_unreadable' }] },
  });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});
