import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Effect, Exit, Scope } from 'effect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EntityConnection } from '../../src/db/connection/entity-connection.ts';
import { type Database, databaseOn } from '../../src/db/database.ts';
import { DatabaseRefused } from '../../src/db/database-refused.ts';
import { openConnection } from '../../src/db/opening/open-connection.ts';
import type { SecretOptions } from '../../src/db/secrets/key-ring.ts';
import { sealingKey } from '../../src/db/secrets/sealing-key.ts';
import { failureOf } from '../contract/store-driver.ts';

const [FIRST, SECOND] = ['the first key, long enough to be strong', 'the second key, as long and as strong!!'];

describe('sealing', () => {
  const key = sealingKey(FIRST);

  it('never writes the same twice, and opens only what it sealed, for the same context, unchanged', () => {
    const sealed = key.seal('token', 'instance-1');
    expect(key.seal('token', 'instance-1')).not.toBe(sealed);
    expect(key.open(sealed, 'instance-1')).toBe('token');
    expect(() => key.open(sealed, 'instance-2')).toThrow();
    expect(() => sealingKey(SECOND).open(sealed, 'instance-1')).toThrow();
    const forged = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    expect(() => key.open(forged, 'instance-1')).toThrow();
  });

  it('fingerprints alike under one key, and differently under another', () => {
    expect(key.fingerprint('token')).toBe(sealingKey(FIRST).fingerprint('token'));
    expect(key.fingerprint('token')).not.toBe(sealingKey(SECOND).fingerprint('token'));
  });
});

describe('the secret key of a database', () => {
  let connection: EntityConnection;
  let scope: Scope.Closeable;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'omni-secrets-'));
    scope = Effect.runSync(Scope.make());
    connection = await Effect.runPromise(Scope.provide(openConnection({ databaseUrl: null, dataDir }), scope));
  });
  afterEach(async () => {
    await connection.query(async (sql) => {
      for (const table of ['channel_auth', 'secret_keys', 'omni_instances']) await sql.run(`DELETE FROM ${table}`);
    });
    rmSync(join(dataDir, 'secret.key'), { force: true });
  });
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void));
    rmSync(dataDir, { recursive: true, force: true });
  });

  const opened = <A, E>(options: Omit<SecretOptions, 'dataDir'>, use: (db: Database) => Effect.Effect<A, E>) =>
    Effect.scoped(databaseOn(connection, { dataDir, ...options }).pipe(Effect.flatMap(use)));
  const store = (db: Database) =>
    Effect.map(
      db.registry.create({ name: 'bot', channel: 'discord', credentials: { token: randomUUID() } }, 0),
      ({ id }) => id,
    );
  const refusalOf = (options: Omit<SecretOptions, 'dataDir'>) => failureOf(opened(options, () => Effect.void));

  it('is made on the first start, readable by its owner only, and used again', async () => {
    const id = await Effect.runPromise(opened({}, store));
    const path = join(dataDir, 'secret.key');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await Effect.runPromise(opened({}, (db) => db.registry.credentials(id)));
  });

  it('that is lost is not replaced by a new one', async () => {
    await Effect.runPromise(opened({}, store));
    rmSync(join(dataDir, 'secret.key'));
    const refused = await refusalOf({});
    expect(refused).toBeInstanceOf(DatabaseRefused);
    expect(refused).toMatchObject({ message: expect.stringContaining('secret.key') });
    expect(existsSync(join(dataDir, 'secret.key'))).toBe(false);
  });

  it('that is weak, or another than before, is refused by name', async () => {
    for (const weak of ['short', 'ab'.repeat(15)]) {
      expect(await refusalOf({ secretKey: weak })).toMatchObject({
        message: expect.stringContaining('SECRET_KEY is too weak'),
      });
    }
    await Effect.runPromise(opened({ secretKey: FIRST }, store));
    expect(await refusalOf({ secretKey: SECOND })).toMatchObject({
      message: expect.stringContaining('SECRET_KEY_PREVIOUS'),
    });
    await Effect.runPromise(opened({ secretKey: FIRST }, () => Effect.void));
  });

  it('can be changed: everything is sealed again, accounts stay taken, and the old key opens nothing more', async () => {
    const token = randomUUID();
    const create = (db: Database) => db.registry.create({ name: 'bot', channel: 'discord', credentials: { token } }, 0);
    const { id } = await Effect.runPromise(opened({ secretKey: FIRST }, create));
    await Effect.runPromise(
      opened({ secretKey: FIRST }, (db) => Effect.all(Array.from({ length: 150 }, () => store(db)))),
    );
    const rotation = { secretKey: SECOND, previousSecretKeys: [FIRST] };
    expect(await Effect.runPromise(opened(rotation, (db) => db.registry.credentials(id)))).toEqual({ token });
    expect(await failureOf(opened({ secretKey: SECOND }, create))).toMatchObject({ code: 'account_taken' });
    expect(await refusalOf({ secretKey: FIRST })).toBeInstanceOf(DatabaseRefused);
    const keys = await connection.query((sql) => sql.rows('SELECT DISTINCT key_id FROM channel_auth'));
    expect(keys).toEqual([{ key_id: sealingKey(SECOND).keyId }]);
  });

  it('goes on with a change that was cut short', async () => {
    const ids = await Effect.runPromise(opened({ secretKey: FIRST }, (db) => Effect.all([store(db), store(db)])));
    const next = sealingKey(SECOND);
    await connection.query((sql) =>
      sql.run('INSERT INTO secret_keys (key_id, check_value) VALUES ($1, $2)', [
        next.keyId,
        next.seal('omni-history-sync', 'key-check'),
      ]),
    );
    expect(await refusalOf({ secretKey: SECOND })).toBeInstanceOf(DatabaseRefused);
    const rotation = { secretKey: SECOND, previousSecretKeys: [FIRST] };
    const read = (db: Database) => Effect.all(ids.map((id) => db.registry.credentials(id)));
    expect(await Effect.runPromise(opened(rotation, read))).toHaveLength(2);
  });

  it('moves from the key file to SECRET_KEY without naming the former key', async () => {
    const id = await Effect.runPromise(opened({}, store));
    await Effect.runPromise(opened({ secretKey: SECOND }, (db) => db.registry.credentials(id)));
    expect(readFileSync(join(dataDir, 'secret.key'), 'utf8')).not.toContain(SECOND);
  });
});
