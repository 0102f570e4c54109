import { raw } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Effect, Queue, Schedule, type Scope } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { ChannelAuthEntity } from '../entities/channel-auth-entity.ts';
import { InstanceEntity } from '../entities/instance-entity.ts';
import { removeIdentities } from '../people/remove-identities.ts';

/** Takes an instance and all that belongs to it away, in the background, however often the process dies meanwhile. */
export interface Removals {
  /**
   * In the caller's transaction: from its commit on nobody sees, restores or commands the instance, and its account is
   * free.
   */
  readonly mark: (em: SqlEntityManager, id: InstanceId) => Promise<void>;
  /** Starts the work once the marking has committed. */
  readonly afterwards: <E>(marked: Effect.Effect<void, E>) => Effect.Effect<void, E>;
  /** Resolves when nothing is left to remove. */
  readonly settled: Effect.Effect<void, StoreUnavailable>;
}

const BATCH = 2_000;

/** Rows that belong to an instance, in the order in which they go: what refers to others first. */
const BELONGINGS = [
  'omni_events WHERE instance_id = $1',
  'spans WHERE conversation_id IN (SELECT id FROM conversations WHERE instance_id = $1)',
  'conversations WHERE instance_id = $1',
  // A step that was under way when the instance was marked may have stored one more page.
  'omni_events WHERE instance_id = $1',
  'bookmarks WHERE instance_id = $1',
  'group_members WHERE group_id IN (SELECT id FROM omni_groups WHERE instance_id = $1)',
  'omni_groups WHERE instance_id = $1',
  'identity_aliases WHERE instance_id = $1',
  'sightings WHERE instance_id = $1',
  'sync_jobs WHERE instance_id = $1',
  'commands WHERE instance_id = $1',
  'dead_letters WHERE instance_id = $1',
  'pushes WHERE instance_id = $1',
  'waiting_changes WHERE instance_id = $1',
  'session_secrets WHERE instance_id = $1',
  'actor_snapshots WHERE instance_id = $1',
  'outbox WHERE instance_id = $1',
  'instance_settings WHERE instance_id = $1',
  'settings_history WHERE instance_id = $1',
  'schedule_runs WHERE instance_id = $1',
  'catch_ups WHERE instance_id = $1',
];

/**
 * One small statement, so that the embedded database is never held for long. Raw SQL: by their place on the disk rows
 * are found without an index over what they belong to.
 */
const removeBatch = (connection: EntityConnection, belonging: string, id: InstanceId): Promise<number> => {
  const table = belonging.slice(0, belonging.indexOf(' '));
  return connection.query((sql) =>
    sql.run(`DELETE FROM ${table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${belonging} LIMIT ${BATCH}))`, [id]),
  );
};

const removeInstance = async (connection: EntityConnection, id: InstanceId): Promise<void> => {
  for (const belonging of BELONGINGS) {
    while ((await removeBatch(connection, belonging, id)) > 0);
  }
  while ((await connection.transaction((sql) => removeIdentities(sql, id, BATCH))) > 0);
  await removeBatch(connection, 'omni_instances WHERE id = $1', id);
};

/** How long an owner that lives may take to put an instance down, seconds: it looks every five. */
const GRACE_S = 60;

/** Raw SQL: leases are judged by the clock of the database. */
const MARKED = `
  SELECT id, let_go_at IS NOT NULL OR removing_at < now() - interval '${GRACE_S} seconds' OR NOT EXISTS (
    SELECT 1 FROM partitions JOIN nodes USING (node_id)
    WHERE partitions.partition = marked.partition AND lease_until > clock_timestamp()) AS "mayGo"
  FROM omni_instances AS marked WHERE removing_at IS NOT NULL ORDER BY removing_at`;

/** Removes those of which no owner can write any more. Returns whether there are others. */
const removeMarked = async (connection: EntityConnection): Promise<boolean> => {
  const marked = await connection.query((sql) => sql.rows<{ id: InstanceId; mayGo: boolean }>(MARKED));
  for (const { id } of marked.filter(({ mayGo }) => mayGo)) await removeInstance(connection, id);
  return marked.some(({ mayGo }) => !mayGo);
};

const LOOK_AGAIN = '1 second';

/** Goes on with what an earlier process left, then waits for more, until the scope closes. */
export const openRemovals = (connection: EntityConnection, log: Log): Effect.Effect<Removals, never, Scope.Scope> =>
  Effect.gen(function* () {
    const calls = yield* Queue.unbounded<void>();
    const settled: Effect.Effect<void, StoreUnavailable> = Effect.flatMap(
      persevere(() => removeMarked(connection)),
      (areOthers) => (areOthers ? Effect.delay(settled, LOOK_AGAIN) : Effect.void),
    );
    const work = settled.pipe(
      Effect.tapError(() => Effect.sync(() => log.warn({}, 'Removing an instance waits for the database'))),
      Effect.retry(Schedule.spaced('5 seconds')),
      Effect.ignore,
    );
    yield* Effect.forkScoped(work.pipe(Effect.andThen(Queue.take(calls)), Effect.forever));
    return {
      mark: async (em, id) => {
        await em.nativeUpdate(InstanceEntity, { id }, { removingAt: raw('now()'), wanted: false });
        await em.nativeDelete(ChannelAuthEntity, { instanceId: id });
      },
      afterwards: (marked) => marked.pipe(Effect.tap(() => Queue.offer(calls, undefined))),
      settled,
    };
  });
