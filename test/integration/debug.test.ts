import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InstanceShown } from '../harness/api-client.ts';
import { pastOf } from '../harness/history.ts';
import { Stage } from '../harness/stage.ts';

const MESSAGES = '/channels/:channelId/messages';

let stage: Stage;
let instance: InstanceShown;

beforeAll(async () => {
  const world = { guilds: [{ name: 'Looked at', channels: [pastOf('talk', 500), pastOf('other', 200)] }] };
  // On the embedded database whatever the stack: every byte that it leaves on the disk can be looked at.
  stage = await Stage.open(world, {}, { databaseUrl: null, nats: null });
  instance = await stage.connect('Looked at');
});
afterAll(() => stage.close());

const tree = (): Promise<unknown> => stage.api.data('GET', `/debug/actors/${instance.id}`);

/** The first tree of the live stream that `holds`. */
const firstOfStream = async (holds: (text: string) => boolean): Promise<string> => {
  const stop = new AbortController();
  const response = await fetch(`${stage.api.base}/debug/actors/${instance.id}/stream`, { signal: stop.signal });
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (holds(text)) break;
  }
  stop.abort();
  return text;
};

/** Everything by which a token could be known, but for its first part, which is the account's public id. */
const secretsOf = (token: string): string[] => {
  const [, ...parts] = token.split('.');
  return [token, `Bot ${token}`, ...parts.filter((part) => part.length > 10), Buffer.from(token).toString('base64')];
};

const expectNoSecret = (text: string, where: string): void => {
  for (const secret of secretsOf(stage.bot('Looked at').token)) {
    expect(text.includes(secret), `a secret in ${where}`).toBe(false);
  }
};

test('the tree of an instance shows what runs, what is left, what it waits for, and how it came to that', async () => {
  const talk = stage.channel('Looked at', 'talk');
  const held = stage.discord.faults.add({ kind: 'slow' }, { route: MESSAGES, channelId: talk, skip: 2 });
  const { jobId } = await stage.api.startSync(instance.id, { depth: 'all' });
  await held.struck();
  await stage.jobReaches(instance.id, jobId, 'running');

  const seen = await tree();
  expect(seen).toMatchObject({
    instanceId: instance.id,
    name: 'Looked at',
    node: expect.any(String),
    epoch: expect.any(Number),
    state: 'online',
    rateLimit: 'normal',
    mailboxDepth: 0,
    stale: false,
    parked: null,
    restarts: 0,
    lastSeq: 2,
    supervisor: { machine: 'instance', state: 'online', context: { wanted: true, continuity: expect.any(String) } },
    rateLimiter: { machine: 'rate-limit', state: 'normal', context: { cooldownUntil: null } },
    permits: { messages: expect.any(Number), contacts: expect.any(Number), cooldownUntil: null },
    jobs: [{ jobId, state: 'running' }],
    jobActors: [
      {
        actor: jobId,
        machine: 'sync-job',
        state: 'running',
        context: { stage: 'reading', walk: { kind: 'messages', externalId: talk, before: { id: expect.any(String) } } },
      },
    ],
    activities: expect.arrayContaining(['connection', `walk of ${jobId}`]),
    trace: expect.arrayContaining([
      expect.objectContaining({ actor: 'instance', event: 'connectionOpened', from: 'connecting', to: 'online' }),
      expect.objectContaining({ actor: jobId, event: 'start', from: 'pending' }),
      expect.objectContaining({ actor: jobId, event: 'pageStored' }),
    ]),
  });
  expect((seen as { trace: unknown[] }).trace.length).toBeLessThanOrEqual(200);
  expectNoSecret(JSON.stringify(seen), 'the tree');
  const streamed = await firstOfStream((text) => text.includes('event: actors') && text.endsWith('\n\n'));
  expect(streamed).toContain(`"jobId":"${jobId}"`);
  expectNoSecret(streamed, 'the stream of trees');
  expect(await stage.api.call('GET', '/debug/actors')).toMatchObject({
    items: [{ instanceId: instance.id, state: 'online', stale: false }],
  });
  held.remove();
  await stage.api.finished(instance.id, jobId);
});

test('an instance that there is none of is refused by the name of the parameter', async () => {
  const asked = stage.api.data('GET', `/debug/actors/${randomUUID()}`);
  await expect(asked).rejects.toMatchObject({
    status: 404,
    code: 'instance_not_found',
    details: { field: 'instanceId' },
  });
});

test('a cooldown shows its end, and the job says that it waits for it', async () => {
  stage.discord.faults.add({ kind: 'rateLimited', retryAfterMs: 60_000, scope: 'global' }, { route: MESSAGES });
  const before = Date.now();
  const { jobId } = await stage.api.startSync(instance.id, { depth: 'all', refresh: true });
  const job = await stage.jobReaches(instance.id, jobId, 'waiting');
  await expect.poll(async () => (await stage.api.job(instance.id, jobId)).waitingFor?.what).toBe('cooldown');
  const { waitingFor } = await stage.api.job(instance.id, jobId);
  expect(Date.parse(waitingFor?.until ?? '')).toBeGreaterThanOrEqual(before + 60_000);
  expect(await tree()).toMatchObject({
    rateLimit: 'cooldown',
    permits: { messages: 0, contacts: 0, cooldownUntil: waitingFor?.until },
    jobs: expect.arrayContaining([{ jobId: job.jobId, state: 'waiting' }]),
  });
  await stage.api.call('POST', `/instances/${instance.id}/sync/${jobId}/cancel`);
  await stage.api.finished(instance.id, jobId);
});

test('no secret is in any answer, in the log, in any table or in any file', async () => {
  await stage.api.call('PATCH', `/instances/${instance.id}`, { token: stage.bot('Looked at').token });
  const [job] = await Array.fromAsync(stage.api.list<{ jobId: string }>(`/instances/${instance.id}/sync`));
  const paths = ['', '/status', '/sync', `/sync/${job?.jobId}`, '/conversations', '/coverage'].map(
    (path) => `/instances/${instance.id}${path}`,
  );
  for (const path of [
    ...paths,
    '/instances',
    '/events',
    '/settings',
    '/sync',
    '/debug/dead-letters',
    '/metrics',
    '/health',
  ]) {
    const response = await fetch(`${stage.api.base}${path}`);
    expect(response.status, path).toBe(200);
    expectNoSecret(await response.text(), path);
  }
  for await (const event of stage.api.follow(instance.id, job?.jobId ?? ''))
    expectNoSecret(JSON.stringify(event), 'a job event');

  const { app } = stage;
  await stage.stop();
  expect(app.logged.length).toBeGreaterThan(0);
  expectNoSecret(app.logged.join('\n'), 'the log');

  const database = await PGlite.create(join(stage.dataDir, 'pglite'));
  try {
    const tables = await database.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    expect(tables.rows.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['channel_auth', 'commands', 'actor_snapshots', 'outbox']),
    );
    for (const { name } of tables.rows) {
      const { rows } = await database.query<{ row: string }>(`SELECT held::text AS row FROM "${name}" AS held`);
      expectNoSecret(rows.map(({ row }) => row).join('\n'), `table ${name}`);
    }
  } finally {
    await database.close();
  }
  for (const file of await readdir(stage.dataDir, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    expectNoSecret(await readFile(join(file.parentPath, file.name), 'latin1'), file.name);
  }
});
