import { afterAll, beforeAll, expect, test } from 'vitest';
import { pastOf } from '../harness/history.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import type { WorldPlan } from '../simulators/discord/world/world-plan.ts';

const NAMES = ['Refused', 'Blind', 'Dropped', 'Renewed', 'Revoked', 'Held'] as const;
const MESSAGES = '/channels/:channelId/messages';
const LOGIN = '/gateway/bot';

interface Tree {
  readonly supervisor: { readonly context: { readonly continuity: string | null; readonly retryAt: number | null } };
  readonly activities: readonly string[];
}

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({
    guilds: NAMES.map((name) => ({ name, channels: [pastOf('talk', 600)] })),
    bots: NAMES.map((name) => ({
      name,
      guilds: [name],
      ...(name === 'Blind' ? { privileged: ['GuildMembers'] } : {}),
    })),
  });
});
afterAll(() => stage.close());

const look = (instanceId: string): Promise<Tree> => stage.api.data('GET', `/debug/actors/${instanceId}`);

const logins = (): number => stage.discord.requests.byRoute.get(LOGIN) ?? 0;

test('a token that Discord refuses is an error that says so, and is not tried again', async () => {
  const before = logins();
  const token = stage.bot('Refused').token.replace(/.{6}$/, 'xxxxxx');
  const { id } = await stage.api.createInstance(token, 'Refused');
  expect(await stage.reaches(id, 'error')).toMatchObject({ error: { code: 'token_refused' } });
  expect(await look(id)).toMatchObject({ supervisor: { context: { retryAt: null } }, activities: [] });
  expect(logins() - before).toBeLessThanOrEqual(1);

  await stage.api.call('PATCH', `/instances/${id}`, { token: stage.bot('Refused').token });
  expect(await stage.reaches(id, 'online')).toMatchObject({ error: null, account: { name: 'Refused' } });
});

test('missing intents are an error that names them, and are not tried again', async () => {
  const before = logins();
  const { id } = await stage.api.createInstance(stage.bot('Blind').token, 'Blind');
  expect(await stage.reaches(id, 'error')).toMatchObject({ error: { code: 'intents_missing' } });
  expect(await look(id)).toMatchObject({ supervisor: { context: { retryAt: null } }, activities: [] });
  expect(logins() - before).toBeLessThanOrEqual(1);

  stage.discord.faults.enableIntents(['MessageContent'], stage.bot('Blind'));
  await stage.api.call('POST', `/instances/${id}/connect`);
  expect(await stage.reaches(id, 'online')).toMatchObject({ error: null });
});

test('a gateway connection that breaks off is resumed, and nothing is missed', async () => {
  const instance = await stage.connect('Dropped');
  const talk = stage.channel('Dropped', 'talk');
  await stage.api.sync(instance.id, { depth: 'all' });
  const { continuity } = (await look(instance.id)).supervisor.context;
  const resumed = stage.discord.faults.onGateway({ kind: 'hold' }, { when: 'resume' });
  stage.discord.faults.onGateway({ kind: 'drop' });
  for (let at = 0; at < 5; at++) stage.discord.world.postMessage(talk, { content: `while the line was down ${at}` });
  await resumed.struck();
  resumed.release();
  await stage.storedLive(instance, talk);

  expect((await look(instance.id)).supervisor.context.continuity).toBe(continuity);
  expect((await stage.coverage(instance.id, talk)).gaps).toEqual([]);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('a session that Discord does not resume leaves a gap, and the next sync fills it', async () => {
  const instance = await stage.connect('Renewed');
  const talk = stage.channel('Renewed', 'talk');
  await stage.api.sync(instance.id, { depth: 'all' });
  const { continuity } = (await look(instance.id)).supervisor.context;
  const refused = stage.discord.faults.onGateway({ kind: 'invalidSession', resumable: false }, { when: 'resume' });
  stage.discord.faults.onGateway({ kind: 'drop' });
  for (let at = 0; at < 5; at++) stage.discord.world.postMessage(talk, { content: `missed ${at}`, silent: true });
  await refused.struck();
  const isRenewed = async () => {
    const now = (await look(instance.id)).supervisor.context.continuity;
    return now !== null && now !== continuity;
  };
  await expect.poll(isRenewed, PATIENCE).toBe(true);
  await stage.storedLive(instance, talk);

  expect((await stage.coverage(instance.id, talk)).gaps).toHaveLength(1);
  const reads = stage.reads(talk);
  expect(await stage.api.sync(instance.id, { depth: 'all' })).toMatchObject({ progress: { stored: 5 } });
  expect(stage.reads(talk) - reads).toBe(1);
  expect((await stage.coverage(instance.id, talk)).gaps).toEqual([]);
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('a token that is revoked in the middle of a sync stops it, and a good one lets it go on', async () => {
  const instance = await stage.connect('Revoked');
  const talk = stage.channel('Revoked', 'talk');
  const held = stage.discord.faults.add({ kind: 'slow' }, { route: MESSAGES, channelId: talk, skip: 2 });
  const { jobId } = await stage.api.startSync(instance.id, { depth: 'all' });
  await held.struck();
  stage.discord.faults.revokeToken(stage.bot('Revoked'));
  held.release();
  expect(await stage.reaches(instance.id, 'error')).toMatchObject({ error: { code: 'token_refused' } });
  expect(await stage.jobReaches(instance.id, jobId, 'waiting')).toMatchObject({ waitingFor: { what: 'connection' } });
  expect((await look(instance.id)).activities).toEqual([]);

  stage.discord.faults.restoreToken(stage.bot('Revoked'));
  await stage.api.call('PATCH', `/instances/${instance.id}`, { token: stage.bot('Revoked').token });
  expect(await stage.api.finished(instance.id, jobId)).toMatchObject({
    status: 'completed',
    progress: { stored: 600 },
  });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('an account is held by one instance only', async () => {
  const first = await stage.connect('Held');
  const refused = await stage.api.createInstance(stage.bot('Held').token, 'second').catch((error: unknown) => error);
  expect(refused).toMatchObject({ status: 409 });
  expect(JSON.stringify(refused)).not.toContain(stage.bot('Held').token);
  expect((await stage.api.instance(first.id)).state).toBe('online');
});

test('a platform that goes away and comes back is waited for, and the job goes on by itself', async () => {
  const world: WorldPlan = {
    guilds: [{ name: 'Away', channels: [pastOf('talk', 600)] }],
    bots: [{ name: 'Away', guilds: ['Away'] }],
  };
  const away = await Stage.open(world);
  try {
    const instance = await away.connect('Away');
    const talk = away.channel('Away', 'talk');
    const held = away.discord.faults.add({ kind: 'slow' }, { route: MESSAGES, channelId: talk, skip: 2 });
    const { jobId } = await away.api.startSync(instance.id, { depth: 'all' });
    await held.struck();
    await away.discord.close();
    expect(await away.jobReaches(instance.id, jobId, 'waiting')).toMatchObject({ errorMessage: null });
    await expect.poll(async () => (await away.api.instance(instance.id)).state, PATIENCE).not.toBe('online');

    const back = await startDiscordSimulator({
      world,
      port: away.discord.port,
      rateLimits: 'off',
      identifyIntervalMs: 0,
    });
    try {
      const job = await away.api.finished(instance.id, jobId);
      expect(job).toMatchObject({ status: 'completed', progress: { stored: 600, duplicates: 0, errorCount: 0 } });
      expect((await away.api.instance(instance.id)).state).toBe('online');
      expect(await away.compare(instance)).toMatchObject(COMPLETE);
    } finally {
      await away.stop();
      await back.close();
    }
  } finally {
    await away.stop();
    await away.close();
  }
});
