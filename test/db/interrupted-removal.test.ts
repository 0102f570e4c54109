import { Effect, Exit, Scope } from 'effect';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type Database, databaseOn } from '../../src/db/database.ts';
import { openConnection } from '../../src/db/opening/open-connection.ts';
import type { InstanceId } from '../../src/domain/ids.ts';
import { partitionOf } from '../../src/runtime/partition.ts';
import { listedConversation, message, type StoreDriver } from '../contract/store-driver.ts';
import { borrowed } from '../servers/postgres.ts';
import { pgliteDriver } from './pglite-driver.ts';
import { postgresDriver } from './postgres-driver.ts';

const run = Effect.runPromise;
const server = borrowed(inject('postgresUrl'));

type Location = Awaited<ReturnType<StoreDriver['prepare']>>;

/** Tables that hold something of an instance. */
const TABLES = ['omni_events', 'conversations'];

for (const driver of [pgliteDriver(), postgresDriver(() => server)] satisfies StoreDriver[]) {
  describe(`a removal on ${driver.name} that was cut short`, () => {
    let scope: Scope.Closeable | null = null;
    const close = async (): Promise<void> => {
      if (scope !== null) await run(Scope.close(scope, Exit.void));
      scope = null;
    };
    afterEach(async () => {
      await close();
      await driver.dispose();
      await server.stop();
    });

    const open = (at: Location) => {
      scope = Effect.runSync(Scope.make());
      const opening = Effect.gen(function* () {
        const connection = yield* openConnection(at);
        return { connection, database: yield* databaseOn(connection, { dataDir: at.dataDir }) };
      });
      return run(Scope.provide(opening, scope));
    };

    const fill = async (database: Database): Promise<InstanceId> => {
      const instance = { name: 'goes', channel: 'discord', credentials: { token: 'a token' } } as const;
      const { id } = await run(database.registry.create(instance, Date.now()));
      const fences = await run(database.runtime.leases.claimAll('node'));
      const fence = fences.find(({ partition }) => partition === partitionOf(id));
      if (fence === undefined) throw new Error('The partition was not claimed');
      const listed = listedConversation();
      const messages = Array.from({ length: 100 }, (_, n) => message(`m${n}`));
      await run(
        database.runtime.step(fence, async (tx) => {
          await tx.upsertConversations(id, [listed], 1);
          const room = await tx.conversation(id, listed.externalId);
          if (room !== null) await tx.upsertMessages(id, room.id, 'sync', messages, 1);
        }),
      );
      return id;
    };

    it('is gone on with at the next start, and nothing is left of the instance', async () => {
      const at = await driver.prepare();
      const first = await open(at);
      const id = await fill(first.database);
      // What the process that was to remove it had done when it died: marked it, and removed some of its messages.
      await first.connection.query(async (sql) => {
        await sql.run('UPDATE omni_instances SET removing_at = now() WHERE id = $1', [id]);
        await sql.run(`DELETE FROM omni_events WHERE external_id < 'm5'`);
      });
      await close();

      const { connection } = await open(at);
      const left = async (table: string, column: string) =>
        connection.query((sql) => sql.rows(`SELECT 1 FROM ${table} WHERE ${column} = $1`, [id]));
      // Its own row goes last.
      await expect.poll(() => left('omni_instances', 'id'), { timeout: 20_000 }).toEqual([]);
      for (const table of TABLES) expect(await left(table, 'instance_id'), table).toEqual([]);
    });
  });
}
