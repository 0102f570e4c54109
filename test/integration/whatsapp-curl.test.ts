import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { WhatsAppStage } from '../harness/whatsapp-stage.ts';
import { borrowed, type PostgresServer } from '../servers/postgres.ts';
import { prepareBaileys } from '../simulators/whatsapp/baileys-in-tests.ts';

const run = promisify(execFile);
const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const HAS_CURL = isInstalled('curl');
const HAS_PSQL = isInstalled('psql');
const DAY_MS = 86_400_000;

describe('the lines of the specification for WhatsApp, as they stand', () => {
  prepareBaileys();
  let stage: WhatsAppStage;
  let server: PostgresServer;
  let databaseUrl: string;
  let id: string;

  beforeAll(async () => {
    server = borrowed(inject('postgresUrl'));
    databaseUrl = await server.freshDatabase();
    stage = await WhatsAppStage.open(
      {
        seed: 41,
        push: { bootstrapPerChat: 3, recentDays: 5 },
        world: (now) => ({
          accounts: [
            {
              name: 'Owner',
              phoneNumber: '491700000001',
              people: [
                { name: 'John', phoneNumber: '491571000001', savedAs: 'John Doe' },
                { name: 'Mary', phoneNumber: '491571000002', savedAs: 'Mary Poppins' },
              ],
              chats: [
                { kind: 'direct', with: 'John', messages: 200, from: now - 60 * DAY_MS, to: now - 3_600_000 },
                { kind: 'direct', with: 'Mary', messages: 150, from: now - 20 * DAY_MS, to: now - 3_600_000 },
                { kind: 'group', name: 'Choir', members: ['John', 'Mary'], messages: 80, to: now - DAY_MS },
              ],
            },
          ],
        }),
      },
      { databaseUrl },
    );
    ({ id } = await stage.pair(undefined, 'recent'));
    await stage.worksOff(id);
  });
  afterAll(async () => {
    await stage?.close();
    await server?.stop();
  });

  /** A line of the specification, on the port and the database of this test. */
  const shell = async (line: string): Promise<string> => {
    const { port } = new URL(stage.app.origin);
    const env = { ...process.env, WHATSAPP_INSTANCE: id, INSTANCE_ID: id };
    const verbatim = line
      .replaceAll('8881', port)
      .replaceAll('curl ', 'curl --silent --show-error ')
      .replaceAll('psql ', `psql --tuples-only --no-align '${databaseUrl}' `);
    return (await run('sh', ['-c', verbatim], { env })).stdout;
  };

  const post = async (body: string): Promise<string> => {
    const text = HAS_CURL
      ? await shell(`curl -X POST http://localhost:8881/api/v2/instances/$WHATSAPP_INSTANCE/sync \\
  -d '${body}'`)
      : await (await fetch(`${stage.api.base}/instances/${id}/sync`, { method: 'POST', body })).text();
    return (JSON.parse(text) as { data: { jobId: string } }).data.jobId;
  };

  const SQL = "SELECT COUNT(*) FROM omni_events WHERE instance_id = '$WHATSAPP_INSTANCE'";
  const count = async (): Promise<number> => {
    if (HAS_PSQL) return Number(await shell(`psql -c "${SQL}"`));
    const [row] = await server.admin(SQL.replace('$WHATSAPP_INSTANCE', id), databaseUrl);
    return Number(row?.['count']);
  };

  it('bring the messages of 30 days, which SQL counts', async () => {
    const pushed = await count();
    const since = Date.now() - 30 * DAY_MS;
    const jobId = await post('{"type": "messages", "depth": "30d"}');
    const job = await stage.api.finished(id, jobId);
    expect(job).toMatchObject({ status: 'completed', progress: { errorCount: 0, malformed: 0 } });
    expect(await count()).toBe(pushed + job.progress.stored);
    expect(job.progress.stored).toBeGreaterThan(100);
    expect(await stage.compare(id, { since: since + 60_000 })).toMatchObject({
      missing: [],
      doubled: [],
      different: [],
    });
    expect((await stage.events(id)).length).toBe(await count());
  });

  it('bring contacts, of whom a search finds the one that it names', async () => {
    await stage.api.finished(id, await post('{"type": "contacts"}'));
    const found = HAS_CURL
      ? await shell('curl http://localhost:8881/api/v2/persons?search=John')
      : await (await fetch(`${stage.api.base}/persons?search=John`)).text();
    const { items } = JSON.parse(found) as { items: readonly { readonly name: string }[] };
    expect(items.map(({ name }) => name)).toEqual(['John Doe']);
  });
});
