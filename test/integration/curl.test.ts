import { execFile, spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InstanceShown } from '../harness/api-client.ts';
import { pastOf } from '../harness/history.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';

const run = promisify(execFile);
const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const HAS_CURL = isInstalled('curl');
const HAS_JQ = HAS_CURL && isInstalled('jq');

let stage: Stage;
let instance: InstanceShown;
let port: string;

beforeAll(async () => {
  stage = await Stage.open({ guilds: [{ name: 'Curled', channels: [pastOf('talk', 250, 6)] }] });
  instance = await stage.connect('Curled');
  ({ port } = new URL(stage.app.origin));
});
afterAll(() => stage.close());

/** A line of the specification, on the port where the service listens. */
const shell = async (line: string): Promise<string> => {
  const env = { ...process.env, INSTANCE_ID: instance.id };
  const { stdout } = await run(
    'sh',
    ['-c', line.replaceAll('8881', port).replace('curl', 'curl --silent --show-error')],
    { env },
  );
  return stdout;
};

/** What curl sends for `-X POST … -d`, on a machine without it. */
const likeCurl = (method: string, path: string, body = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = { accept: '*/*', ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) };
    const sent = request(`http://localhost:${port}${path}`, { method, headers, agent: false }, (response) => {
      response
        .setEncoding('utf8')
        .toArray()
        .then((chunks) => resolve(chunks.join('')), reject);
    });
    sent.on('error', reject).end(body);
  });

const post = (body: string): Promise<string> =>
  HAS_CURL
    ? shell(`curl -X POST http://localhost:8881/api/v2/instances/$INSTANCE_ID/sync -d '${body}'`)
    : likeCurl('POST', `/api/v2/instances/${instance.id}/sync`, body);

const startVerbatim = async (): Promise<string> => {
  if (!HAS_JQ)
    return (JSON.parse(await post('{"type": "messages", "depth": "7d"}')) as { data: { jobId: string } }).data.jobId;
  const started = await shell(`JOB_ID=$(curl -X POST http://localhost:8881/api/v2/instances/$INSTANCE_ID/sync \\
  -d '{"type": "messages", "depth": "7d"}' | jq -r '.data.jobId')
echo $JOB_ID`);
  return started.trim();
};

const status = (jobId: string): Promise<string> =>
  HAS_CURL
    ? shell(`JOB_ID=${jobId}; curl http://localhost:8881/api/v2/instances/$INSTANCE_ID/sync/$JOB_ID`)
    : likeCurl('GET', `/api/v2/instances/${instance.id}/sync/${jobId}`);

test('the lines of the specification work as they stand', async () => {
  const jobId = await startVerbatim();
  expect(jobId).toMatch(/^[0-9a-f-]{36}$/);
  await stage.api.finished(instance.id, jobId);
  expect(JSON.parse(await status(jobId))).toMatchObject({
    data: { jobId, type: 'messages', status: 'completed', progress: { fetched: 250, stored: 250, duplicates: 0 } },
  });
  expect(await stage.compare(instance)).toMatchObject(COMPLETE);

  const second = JSON.parse(await post('{"type": "messages", "depth": "30d"}')) as { data: { jobId: string } };
  await stage.api.finished(instance.id, second.data.jobId);
  expect(JSON.parse(await status(second.data.jobId))).toMatchObject({
    data: { progress: { fetched: 0, stored: 0, duplicates: 0 } },
  });
});
