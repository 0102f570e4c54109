import type { Connection, Sql } from '../connection/sql.ts';
import { DatabaseRefused } from '../database-refused.ts';
import { credentialsIn, fingerprintOf } from './credentials-text.ts';
import { SEALED_TABLES, type SealedTable } from './sealed-tables.ts';
import { type SealingKey, sealingKey } from './sealing-key.ts';
import { createKeyFile, readKeyFile, refuseWeak } from './secret-key.ts';

export interface SecretOptions {
  readonly dataDir: string;
  /** The operator's secret; null: a key file in `dataDir`, made on the first start. */
  readonly secretKey?: string | null;
  /** Former secrets, for rotation: what they sealed is sealed again under the present one. */
  readonly previousSecretKeys?: readonly string[];
}

/** Any number, the same for every build: nodes that start together rotate one after the other. */
const ROTATION_LOCK = 7_041_988_882;
const ROTATION_BATCH = 100;
const CHECK = { text: 'omni-history-sync', context: 'key-check' };

interface KeyRow {
  readonly keyId: string;
  readonly checkValue: string;
}

const canOpen = (key: SealingKey, row: KeyRow): boolean => {
  try {
    return key.open(row.checkValue, CHECK.context) === CHECK.text;
  } catch {
    return false;
  }
};

const presentSecret = ({ dataDir, secretKey }: SecretOptions, databaseIsNew: boolean): string => {
  if (secretKey !== null && secretKey !== undefined) {
    refuseWeak(secretKey, 'SECRET_KEY');
    return secretKey;
  }
  const kept = readKeyFile(dataDir);
  if (kept !== null) return kept;
  if (databaseIsNew) return createKeyFile(dataDir);
  throw new DatabaseRefused({
    message:
      'The secrets in this database are encrypted, and their key is missing: set SECRET_KEY, or put the file ' +
      `secret.key back into ${dataDir}, as it was when they were stored.`,
  });
};

/** Setting SECRET_KEY where a key file was in use is a rotation too. */
const formerSecrets = ({ dataDir, secretKey, previousSecretKeys = [] }: SecretOptions): readonly string[] => {
  const kept = secretKey === null || secretKey === undefined ? null : readKeyFile(dataDir);
  return kept === null ? previousSecretKeys : [...previousSecretKeys, kept];
};

const refuseUnknownKey = (): never => {
  throw new DatabaseRefused({
    message:
      'SECRET_KEY is not the key with which the secrets in this database were encrypted. Set it back to the former one; ' +
      'to change the key, set SECRET_KEY to the new and SECRET_KEY_PREVIOUS to the former one for the next start.',
  });
};

interface SealedRow {
  readonly place: string;
  readonly context: string;
  readonly keyId: string;
  readonly sealed: string;
}

/** A row that changed meanwhile keeps what it has: the next batch finds it again. */
const resealBatch = async (
  sql: Sql,
  table: SealedTable,
  present: SealingKey,
  former: ReadonlyMap<string, SealingKey>,
): Promise<boolean> => {
  const rows = await sql.rows<SealedRow>(
    `SELECT ctid::text AS place, ${table.context} AS context, key_id AS "keyId", sealed FROM ${table.name}
     WHERE key_id <> $1 LIMIT $2`,
    [present.keyId, ROTATION_BATCH],
  );
  const opened = rows.map((row) => (former.get(row.keyId) ?? refuseUnknownKey()).open(row.sealed, row.context));
  const fingerprint = table.fingerprinted ? ', fingerprint = fresh.fingerprint' : '';
  await sql.run(
    `UPDATE ${table.name} AS held SET key_id = $1, sealed = fresh.sealed${fingerprint}
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS fresh (place, former, sealed, fingerprint)
     WHERE held.ctid = fresh.place::tid AND held.sealed = fresh.former`,
    [
      present.keyId,
      rows.map(({ place }) => place),
      rows.map(({ sealed }) => sealed),
      rows.map(({ context }, index) => present.seal(opened[index] ?? '', context)),
      opened.map((text) => (table.fingerprinted ? fingerprintOf(present, credentialsIn(text)) : null)),
    ],
  );
  return rows.length > 0;
};

const readKeys = (sql: Sql): Promise<readonly KeyRow[]> =>
  sql.rows<KeyRow>('SELECT key_id AS "keyId", check_value AS "checkValue" FROM secret_keys');

/**
 * The new key is noted first and the old one forgotten last, so that a rotation that was cut short goes on at the next
 * start. Raw SQL, on the session that holds the lock.
 */
const rotate = async (
  sql: Sql,
  present: SealingKey,
  rows: readonly KeyRow[],
  options: SecretOptions,
): Promise<void> => {
  const former = new Map(formerSecrets(options).map((secret) => [sealingKey(secret).keyId, sealingKey(secret)]));
  const known = (row: KeyRow) => canOpen(present, row) || [...former.values()].some((key) => canOpen(key, row));
  if (!rows.every(known)) refuseUnknownKey();
  await sql.run('INSERT INTO secret_keys (key_id, check_value) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    present.keyId,
    present.seal(CHECK.text, CHECK.context),
  ]);
  for (const table of SEALED_TABLES) while (await resealBatch(sql, table, present, former));
  await sql.run('DELETE FROM secret_keys WHERE key_id <> $1', [present.keyId]);
};

/**
 * The key under which secrets are sealed from now on. Throws `DatabaseRefused` when it is weak, missing, or not
 * the one with which the database's secrets were sealed.
 */
export const openKeyRing = (connection: Connection, options: SecretOptions): Promise<SealingKey> =>
  connection.maintenance(async (sql) => {
    if (connection.kind === 'postgres') await sql.rows('SELECT pg_advisory_lock($1)', [ROTATION_LOCK]);
    const rows = await readKeys(sql);
    const present = sealingKey(presentSecret(options, rows.length === 0));
    const settled = rows.length === 1 && rows.every((row) => canOpen(present, row));
    if (!settled) await rotate(sql, present, rows, options);
    return present;
  });
