import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { proto } from '@whiskeysockets/baileys';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type OpenedValue, openedVault } from '../harness/opened-vault.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { WhatsAppStage } from '../harness/whatsapp-stage.ts';
import { prepareBaileys } from '../simulators/whatsapp/baileys-in-tests.ts';
import { readQrCode } from '../simulators/whatsapp/server/qr-code.ts';

/** Of kinds of which there are hundreds, the first and the last. */
const SAMPLE = 12;
/** Who the account and its contacts are is no secret of the session; nor are times, versions and lists of devices. */
const PUBLIC_KINDS: ReadonlySet<string> = new Set(['lid-mapping', 'lid-chat', 'device-list', 'sender-key-memory']);
const PUBLIC_FIELDS: ReadonlySet<string> = new Set(['me', 'signalIdentities', 'accountSettings', 'platform']);

/** Every text and every run of bytes in a value that is long enough to be a secret. */
const leaves = (value: unknown): readonly Buffer[] => {
  if (typeof value === 'string') return value.length > 10 ? [Buffer.from(value)] : [];
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && value.type === 'Buffer' && 'data' in value && typeof value.data === 'string') {
    const bytes = Buffer.from(value.data, 'base64');
    return bytes.length < 16 ? [] : [bytes];
  }
  return Object.entries(value).flatMap(([field, held]) => (PUBLIC_FIELDS.has(field) ? [] : leaves(held)));
};

/** A sender key is a text of JSON in bytes: it is a secret as a whole, and so are the keys in it. */
const leavesOfSenderKey = (value: unknown): readonly Buffer[] =>
  leaves(value).flatMap((bytes) => [bytes, ...leaves(JSON.parse(bytes.toString()))]);

const secretsIn = ({ kind, value }: OpenedValue): readonly Buffer[] => {
  if (kind === 'sender-key') return leavesOfSenderKey(JSON.parse(value));
  if (kind !== 'push') return leaves(JSON.parse(value));
  const { mediaKey, directPath, fileEncSha256 } = proto.Message.HistorySyncNotification.decode(
    Buffer.from(value, 'base64'),
  );
  const keys = [mediaKey, fileEncSha256].flatMap((bytes) => (bytes?.length ? [Buffer.from(bytes)] : []));
  return [...keys, ...(directPath ? [Buffer.from(directPath)] : [])];
};

/** A secret as it would lie somewhere: as it is, in base64 of both kinds, in hex, in JSON of bytes. */
const formsOf = (secret: Buffer): readonly Buffer[] => {
  const texts = [secret.toString('base64').replace(/=+$/, ''), secret.toString('base64url'), secret.toString('hex')];
  return [secret, ...[...texts, [...secret].join(',')].map((text) => Buffer.from(text))];
};

describe('the session of a number', () => {
  prepareBaileys();
  let stage: WhatsAppStage;
  let id: string;
  let qr: string;
  let code: string;
  /** Whatever anybody could have seen: answers, streams and the log. */
  const seen: string[] = [];
  const opened: OpenedValue[] = [];

  const look = async (path: string): Promise<void> => {
    const response = await fetch(`${stage.api.base}${path}`);
    expect(response.status, path).toBe(200);
    seen.push(await response.text());
  };

  /** Reads the vault, and everything that lies outside of it, as somebody would who has the disk. */
  const lookAtDisk = async (): Promise<void> => {
    const { app } = stage;
    await stage.stop();
    seen.push(...app.logged);
    const database = await PGlite.create(join(stage.dataDir, 'pglite'));
    try {
      opened.push(...(await openedVault(database, stage.dataDir, id)));
      const tables = await database.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
      );
      expect(tables.rows.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['session_secrets', 'pushes', 'outbox']),
      );
      for (const { name } of tables.rows) {
        const { rows } = await database.query<{ row: string }>(`SELECT held::text AS row FROM "${name}" AS held`);
        seen.push(rows.map(({ row }) => row).join('\n'));
      }
    } finally {
      await database.close();
    }
  };

  /** The name of the first file under DATA_DIR that holds one of these; its own key is what opens them. */
  const fileWith = async (needles: readonly Buffer[]): Promise<string | null> => {
    for (const file of await readdir(stage.dataDir, { recursive: true, withFileTypes: true })) {
      if (!file.isFile() || file.name === 'secret.key') continue;
      const bytes = await readFile(join(file.parentPath, file.name));
      if (needles.some((needle) => bytes.includes(needle))) return file.name;
    }
    return null;
  };

  beforeAll(async () => {
    // On the embedded database whatever the stack: every byte that it leaves on the disk can be looked at.
    stage = await WhatsAppStage.open({ seed: 31 }, { databaseUrl: null, nats: null });
    stage.whatsapp.faults.add({ kind: 'blob', how: 500 }, { times: -1 });
    ({ id } = await stage.create('secretive'));
    qr = await stage.qr(id);
    await look(`/debug/actors/${id}`);
    ({ code } = await stage.api.data<{ code: string }>('POST', `/instances/${id}/pair`, {
      phoneNumber: '+49 170 0000001',
    }));
    await look(`/debug/actors/${id}`);
    await stage.whatsapp.enterCode(code);
    await stage.reaches(id, 'online');
    await vi.waitFor(async () => {
      const { pushes } = await stage.api.data<{ pushes: { waiting: number } }>('GET', `/instances/${id}/status`);
      expect(pushes.waiting).toBeGreaterThan(3);
    }, PATIENCE);
    await look(`/instances/${id}/status`);
    await lookAtDisk();

    stage.whatsapp.faults.clear();
    await stage.start();
    await stage.reaches(id, 'online');
    await stage.worksOff(id);
    const job = await stage.api.sync(id, { type: 'all', depth: 'all' });
    await stage.whatsapp.edit({
      edit: 'message',
      chat: 'Sailing',
      from: 'Ada',
      content: { type: 'text', text: 'ahoy' },
    });
    await stage.has(id, 'ahoy');
    for await (const event of stage.api.follow(id, job.jobId, { after: '0' })) seen.push(JSON.stringify(event));
    const own = ['', '/status', '/sync', `/sync/${job.jobId}`, '/conversations', '/coverage', '/contacts', '/groups'];
    for (const path of own) await look(`/instances/${id}${path}`);
    for (const path of ['/instances', '/events', '/persons', '/settings', '/schedules', '/sync', '/health', '/ready'])
      await look(path);
    for (const path of ['/debug/actors', `/debug/actors/${id}`, '/debug/dead-letters', '/metrics']) await look(path);
    await lookAtDisk();
  }, 360_000);
  afterAll(() => stage?.close());

  const outside = (): Buffer => Buffer.from(seen.join('\n'));

  const isOutside = async (what: string, needles: readonly Buffer[]): Promise<void> => {
    const everything = outside();
    for (const needle of needles) expect(everything.includes(needle), `${what} in what anybody sees`).toBe(false);
    expect(await fileWith(needles), `${what} in a file`).toBeNull();
  };

  it('holds what it should, and what is no secret is found where it is looked for', async () => {
    const kinds = new Set(opened.map(({ kind }) => kind));
    expect([...kinds]).toEqual(
      expect.arrayContaining(['creds', 'pre-key', 'session', 'app-state-sync-key', 'sender-key', 'push']),
    );
    expect(outside().includes('ahoy')).toBe(true);
    expect(await fileWith([Buffer.from('491700000001')])).not.toBeNull();
  });

  it('is nowhere in clear: not the credentials, nor any key, nor that of a file that waits to be fetched', async () => {
    const kept = [...Map.groupBy(opened, ({ kind }) => kind)].flatMap(([kind, values]) =>
      PUBLIC_KINDS.has(kind) ? [] : [...values.slice(0, SAMPLE), ...values.slice(-SAMPLE)],
    );
    const secrets = new Map(kept.flatMap(secretsIn).map((secret) => [secret.toString('hex'), secret]));
    expect(secrets.size).toBeGreaterThan(100);
    await isOutside('a secret of the vault', [...secrets.values()].flatMap(formsOf));
  });

  it('leaves nothing of its pairing: not the QR code, nor the code for the phone', async () => {
    const { advSecret } = readQrCode(qr);
    expect(code.length).toBeGreaterThanOrEqual(8);
    await isOutside('the pairing', [Buffer.from(qr), ...formsOf(advSecret), Buffer.from(code)]);
  });
});
