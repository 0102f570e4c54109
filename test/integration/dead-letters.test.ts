import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ApiRefused, type InstanceShown, type JobShown } from '../harness/api-client.ts';
import { pastOf } from '../harness/history.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';
import { borrowed } from '../servers/postgres.ts';

/* On PostgreSQL, since what is done to the rows here is done behind the service's back while it runs. */

const NAMES = [
  'Poisoned',
  'Garbled',
  'Healthy',
  'no context',
  'no such state',
  'of a newer build',
  'job',
  'Late',
] as const;

interface DeadLetter {
  readonly id: string;
  readonly instanceId: string;
  readonly command: { readonly type: string; readonly jobId?: string };
  readonly reason: string;
  readonly attempts: number;
}

const server = borrowed(inject('postgresUrl'));
let databaseUrl: string;
let stage: Stage;

beforeAll(async () => {
  databaseUrl = await server.freshDatabase();
  const guilds = NAMES.map((name) => ({ name, channels: [pastOf('talk', 120), pastOf('poisoned', 10)] }));
  stage = await Stage.open({ guilds }, {}, { databaseUrl });
});
afterAll(async () => {
  await stage.close();
  await server.stop();
});

const sql = (statement: string) => server.admin(statement, databaseUrl);

/** No step that takes up a sync of this channel can commit. */
const poison = async (channelId: string): Promise<void> => {
  await sql(`CREATE OR REPLACE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.config ->> 'channelId' = '${channelId}' AND NEW.status IN ('waiting', 'running') THEN RAISE 'poisoned'; END IF;
    RETURN NEW;
  END $$`);
  await sql('CREATE OR REPLACE TRIGGER poison BEFORE UPDATE ON sync_jobs FOR EACH ROW EXECUTE FUNCTION poison()');
};

const deadLetters = (instanceId: string): Promise<DeadLetter[]> =>
  Array.fromAsync(stage.api.list<DeadLetter>('/debug/dead-letters')).then((all) =>
    all.filter((dead) => dead.instanceId === instanceId),
  );

const jobs = (instanceId: string): Promise<JobShown[]> =>
  Array.fromAsync(stage.api.list<JobShown>(`/instances/${instanceId}/sync`));

test('a command that fails every time becomes a dead letter, its job fails, the instance goes on; requeue and discard', async () => {
  const instance = await stage.connect('Poisoned');
  const channelId = stage.channel('Poisoned', 'poisoned');
  await poison(channelId);
  const { jobId } = await stage.api.startSync(instance.id, { depth: 'all', channelId });
  expect(await stage.jobReaches(instance.id, jobId, 'failed')).toMatchObject({
    errorMessage: expect.stringContaining('5 times'),
  });
  const [dead] = await deadLetters(instance.id);
  expect(dead).toMatchObject({
    command: { type: 'startSync', jobId },
    attempts: 5,
    reason: expect.stringContaining('5 times'),
  });

  await stage.reaches(instance.id, 'online');
  const other = await stage.api.sync(instance.id, { depth: 'all', channelId: stage.channel('Poisoned', 'talk') });
  expect(other).toMatchObject({ status: 'completed', progress: { stored: 120 } });

  await sql('DROP TRIGGER poison ON sync_jobs');
  await stage.api.call('POST', `/debug/dead-letters/${dead?.id}/requeue`);
  expect(await deadLetters(instance.id)).toEqual([]);
  const again =
    (await jobs(instance.id)).find(({ status }) => status !== 'failed' && status !== 'completed') ??
    (await jobs(instance.id))[0];
  expect(again?.jobId).not.toBe(jobId);
  expect(await stage.api.finished(instance.id, again?.jobId ?? '')).toMatchObject({
    status: 'completed',
    progress: { stored: 10 },
  });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
  const settled = await stage.api.call('DELETE', `/debug/dead-letters/${dead?.id}`).catch((error: unknown) => error);
  expect(settled).toBeInstanceOf(ApiRefused);
  expect(settled).toMatchObject({ status: 409 });
}, 360_000);

test('a command whose row is garbled is buried with its job, and what comes after it runs', async () => {
  const instance = await stage.connect('Garbled');
  await stage.stop();
  const jobId = randomUUID();
  await sql(`INSERT INTO sync_jobs (id, instance_id, type, status, scope, config, progress)
    SELECT '${jobId}', '${instance.id}', type, 'pending', 'garbled', config, progress FROM sync_jobs LIMIT 1`);
  await sql(`INSERT INTO commands (id, instance_id, seq, command, accepted_at)
    SELECT '${randomUUID()}', id, next_seq, '{"type": "startSync", "jobId": "${jobId}", "config": null}', now()
    FROM omni_instances WHERE id = '${instance.id}'`);
  await sql(`UPDATE omni_instances SET next_seq = next_seq + 1 WHERE id = '${instance.id}'`);
  await stage.start();
  expect(await stage.jobReaches(instance.id, jobId, 'failed')).toMatchObject({ errorMessage: expect.any(String) });
  const [dead] = await deadLetters(instance.id);
  expect(dead).toMatchObject({ attempts: 5, command: { type: 'startSync', jobId } });
  expect(await stage.api.sync(instance.id, { depth: 'all' })).toMatchObject({
    status: 'completed',
    progress: { stored: 130 },
  });

  await stage.api.call('DELETE', `/debug/dead-letters/${dead?.id}`);
  expect(await deadLetters(instance.id)).toEqual([]);
}, 360_000);

test('a snapshot that cannot be restored parks its instance with a reason, and the others go on', async () => {
  const healthy = await stage.connect('Healthy');
  const [shapeless, dancing] = [await stage.connect('no context'), await stage.connect('no such state')];
  await stage.stop();
  const corrupt = (set: string, { id }: InstanceShown) =>
    sql(`UPDATE actor_snapshots SET ${set} WHERE actor_id = 'instance' AND instance_id = '${id}'`);
  await corrupt(`context = '{"nonsense": true}'`, shapeless);
  await corrupt(`value = '"dancing"'`, dancing);
  await stage.start();

  for (const { id } of [shapeless, dancing]) {
    const { error } = await stage.reaches(id, 'error');
    expect(error).toMatchObject({ code: 'snapshot_unusable', message: expect.stringContaining('The instance actor') });
    const tree = await stage.api.data('GET', `/debug/actors/${id}`);
    expect(tree).toMatchObject({ stale: true, parked: error?.message });
  }
  await stage.reaches(healthy.id, 'online');
  expect(await stage.api.sync(healthy.id, { depth: 'all' })).toMatchObject({ status: 'completed' });
  expect(await stage.compare(healthy)).toMatchObject(COMPLETE);
});

test('a job that cannot be restored fails, and its instance goes on', async () => {
  const instance = await stage.connect('job');
  const held = stage.discord.faults.add({ kind: 'slow' }, { channelId: stage.channel('job', 'talk') });
  const { jobId } = await stage.api.startSync(instance.id, { depth: 'all' });
  await held.struck();
  await stage.api.call('POST', `/instances/${instance.id}/sync/${jobId}/pause`);
  await stage.jobReaches(instance.id, jobId, 'paused');
  held.remove();
  await stage.stop();
  await sql(`UPDATE sync_jobs SET machine_context = '{}' WHERE id = '${jobId}'`);
  await stage.start();
  expect(await stage.jobReaches(instance.id, jobId, 'failed')).toMatchObject({ errorMessage: expect.any(String) });
  await stage.reaches(instance.id, 'online');
  expect(await stage.api.sync(instance.id, { depth: 'all' })).toMatchObject({ status: 'completed' });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);
});

test('an instance that a newer build has written is left to it, and taken up once this build can read it', async () => {
  const instance = await stage.connect('of a newer build');
  await stage.stop();
  const writtenBy = (version: number) =>
    sql(
      `UPDATE actor_snapshots SET version = ${version} WHERE actor_id = 'instance' AND instance_id = '${instance.id}'`,
    );
  await writtenBy(99);
  await stage.start();
  const ready = async () => (await fetch(`${stage.api.base}/ready`)).text();
  await expect.poll(ready, PATIENCE).toContain('63 of 64');
  expect(await stage.api.data('GET', `/debug/actors/${instance.id}`)).toMatchObject({ stale: true, node: null });

  await writtenBy(1);
  await stage.reaches(instance.id, 'online');
  expect(await stage.api.sync(instance.id, { depth: 'all' })).toMatchObject({ status: 'completed' });
});
