import { randomUUID } from 'node:crypto';
import type { Credentials } from '../channels/channel.ts';
import type { ChannelName } from '../domain/channel-name.ts';
import { Refused } from '../domain/errors.ts';
import { InstanceId } from '../domain/ids.ts';
import { partitionOf } from '../runtime/partition.ts';
import type { InstanceRegistry } from '../sync/catalogue.ts';
import { readInstance } from './catalogue/instances.ts';
import { cleanText } from './clean-text.ts';
import { toInstant } from './instants.ts';
import { persevere } from './query-failure.ts';
import { isRefused, noInstance } from './refusals.ts';
import type { Removals } from './removals.ts';
import type { SealingKey } from './secrets/sealing-key.ts';
import type { Connection, Sql } from './sql.ts';

/** Throws `Refused` when another instance holds these credentials. Who asks at the same time waits for our commit. */
const refuseHeld = async (sql: Sql, channel: ChannelName, fingerprint: string, exceptId: InstanceId): Promise<void> => {
  await sql.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`credentials:${channel}:${fingerprint}`]);
  const [holder] = await sql.rows<{ id: InstanceId }>(
    'SELECT instance_id AS id FROM channel_auth WHERE channel = $1 AND fingerprint = $2 AND instance_id <> $3',
    [channel, fingerprint, exceptId],
  );
  if (holder === undefined) return;
  throw new Refused({
    status: 409,
    code: 'account_taken',
    message: `Instance ${holder.id} already holds this account; an account can be held by one instance only`,
    details: { instanceId: holder.id },
  });
};

const saveCredentials = async (
  sql: Sql,
  key: SealingKey,
  id: InstanceId,
  channel: ChannelName,
  { token }: Credentials,
): Promise<void> => {
  const fingerprint = key.fingerprint(token);
  await refuseHeld(sql, channel, fingerprint, id);
  await sql.run(
    `INSERT INTO channel_auth (instance_id, channel, key_id, sealed, fingerprint) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (instance_id) DO UPDATE
     SET key_id = excluded.key_id, sealed = excluded.sealed, fingerprint = excluded.fingerprint`,
    [id, channel, key.keyId, key.seal(token, id), fingerprint],
  );
};

/** Locks the row of an instance that exists and is not being removed. Throws `Refused`. */
const lockInstance = async (sql: Sql, id: InstanceId): Promise<ChannelName> => {
  const [instance] = await sql.rows<{ channel: ChannelName }>(
    'SELECT channel FROM omni_instances WHERE id = $1 AND removing_at IS NULL FOR NO KEY UPDATE',
    [id],
  );
  if (instance === undefined) throw noInstance(id);
  return instance.channel;
};

export const instanceRegistry = (connection: Connection, key: SealingKey, removals: Removals): InstanceRegistry => {
  const changed = <A>(body: (sql: Sql) => Promise<A>) => persevere(() => connection.transaction(body), isRefused);
  return {
    create: ({ name, channel, credentials }, at) =>
      changed(async (sql) => {
        const id = InstanceId.make(randomUUID());
        await sql.run(
          'INSERT INTO omni_instances (id, name, channel, partition, created_at) VALUES ($1, $2, $3, $4, $5)',
          [id, cleanText(name), channel, partitionOf(id), toInstant(at)],
        );
        await saveCredentials(sql, key, id, channel, credentials);
        return readInstance(sql, id);
      }),

    update: (id, { name, credentials }) =>
      changed(async (sql) => {
        const channel = await lockInstance(sql, id);
        if (name !== undefined)
          await sql.run('UPDATE omni_instances SET name = $2 WHERE id = $1', [id, cleanText(name)]);
        if (credentials !== undefined) await saveCredentials(sql, key, id, channel, credentials);
        return readInstance(sql, id);
      }),

    contentsOf: (id) =>
      persevere(
        () =>
          connection.query(async (sql) => {
            await readInstance(sql, id);
            // Each conversation keeps count of its messages: counting the rows themselves could take minutes.
            const [contents] = await sql.rows<{ events: number; conversations: number; jobs: number }>(
              `SELECT coalesce(sum(event_count), 0)::float8 AS events, count(*)::float8 AS conversations,
                 (SELECT count(*)::float8 FROM sync_jobs WHERE instance_id = $1) AS jobs
               FROM conversations WHERE instance_id = $1`,
              [id],
            );
            return contents ?? { events: 0, conversations: 0, jobs: 0 };
          }),
        isRefused,
      ),

    remove: (id) =>
      changed(async (sql) => {
        await lockInstance(sql, id);
        await removals.mark(sql, id);
      }).pipe(removals.afterwards),

    credentials: (id) =>
      persevere(
        () =>
          connection.query(async (sql) => {
            const [row] = await sql.rows<{ sealed: string }>('SELECT sealed FROM channel_auth WHERE instance_id = $1', [
              id,
            ]);
            if (row === undefined) throw noInstance(id);
            return { token: key.open(row.sealed, id) };
          }),
        isRefused,
      ),
  };
};
