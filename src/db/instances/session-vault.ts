import { Clock, Effect } from 'effect';
import type { SessionVault, VaultEntry } from '../../channels/session-vault.ts';
import { Fenced } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Fence } from '../../runtime/fence.ts';
import { behindFence } from '../connection/behind-fence.ts';
import { mustFind } from '../connection/must-touch.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Connection, StepSql } from '../connection/sql.ts';
import { pushContext, secretContext } from '../secrets/sealed-tables.ts';
import type { SealingKey } from '../secrets/sealing-key.ts';
import { toInstant } from '../values/instants.ts';

interface SecretRow {
  readonly name: string;
  readonly sealed: string;
}

/** The last value of each secret, sorted by its key: every transaction takes its row locks in the same order. */
const asSet = (secrets: readonly VaultEntry[]): readonly VaultEntry[] =>
  [...new Map(secrets.map((entry) => [`${entry.kind} ${entry.name}`, entry]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => entry);

const forget = (sql: StepSql, id: InstanceId, gone: readonly VaultEntry[]): void => {
  if (gone.length === 0) return;
  sql.send(
    `DELETE FROM session_secrets USING unnest($2::text[], $3::text[]) AS gone (kind, name)
     WHERE instance_id = $1 AND session_secrets.kind = gone.kind AND session_secrets.name = gone.name`,
    [id, gone.map(({ kind }) => kind), gone.map(({ name }) => name)],
  );
};

const keep = (sql: StepSql, key: SealingKey, id: InstanceId, kept: readonly VaultEntry[]): void => {
  if (kept.length === 0) return;
  sql.send(
    `INSERT INTO session_secrets (instance_id, key_id, kind, name, sealed)
     SELECT $1, $2, kept.* FROM unnest($3::text[], $4::text[], $5::text[]) AS kept
     ON CONFLICT (instance_id, kind, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed`,
    [
      id,
      key.keyId,
      kept.map(({ kind }) => kind),
      kept.map(({ name }) => name),
      kept.map(({ kind, name, value }) => key.seal(value ?? '', secretContext(id, kind, name))),
    ],
  );
};

const STANDING = mustFind('SELECT 1 FROM omni_instances WHERE id = $1 AND removing_at IS NULL');

/**
 * The vault of one instance. Raw SQL: with end-to-end encryption every message that arrives writes here before its
 * receipt leaves, so this is as hot as a step.
 */
export const sessionVault = (connection: Connection, key: SealingKey, id: InstanceId, fence: Fence): SessionVault => {
  const opened = (kind: string, rows: readonly SecretRow[]): ReadonlyMap<string, string> =>
    new Map(rows.map(({ name, sealed }) => [name, key.open(sealed, secretContext(id, kind, name))]));
  const COLUMNS = 'SELECT name, sealed FROM session_secrets WHERE instance_id = $1 AND kind = $2';
  return {
    read: (kind, names) =>
      persevere(() =>
        connection.query(async (sql) =>
          opened(kind, await sql.rows<SecretRow>(`${COLUMNS} AND name = ANY ($3::text[])`, [id, kind, names])),
        ),
      ),
    readAll: (kind) =>
      persevere(() => connection.query(async (sql) => opened(kind, await sql.rows<SecretRow>(COLUMNS, [id, kind])))),
    write: ({ secrets, pushed }) =>
      Effect.gen(function* () {
        const at = toInstant(yield* Clock.currentTimeMillis);
        yield* behindFence(connection, fence, async (sql) => {
          // Of an instance that is being removed nothing may come into being any more, whatever its owner has heard.
          sql.send(STANDING, [id], () => new Fenced({ ...fence }));
          const entries = asSet(secrets);
          forget(
            sql,
            id,
            entries.filter(({ value }) => value === null),
          );
          keep(
            sql,
            key,
            id,
            entries.filter(({ value }) => value !== null),
          );
          for (const { name, body } of pushed) {
            sql.send(
              `INSERT INTO pushes (instance_id, name, key_id, sealed, received_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (instance_id, name) DO NOTHING`,
              [id, name, key.keyId, key.seal(body, pushContext(id, name)), at],
            );
          }
        });
      }),
  };
};
