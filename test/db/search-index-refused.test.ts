import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Effect, Exit, Scope } from 'effect';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { databaseOn } from '../../src/db/database.ts';
import { openConnection } from '../../src/db/opening/open-connection.ts';
import { silentLog } from '../../src/domain/log.ts';
import { borrowed } from '../servers/postgres.ts';

const run = Effect.runPromise;
const HUMBLE = 'omni_humble';

describe('a database user who may not create extensions', () => {
  const server = borrowed(inject('postgresUrl'));
  const dataDir = mkdtempSync(join(tmpdir(), 'omni-keys-'));
  const scope = Effect.runSync(Scope.make());
  afterAll(async () => {
    await run(Scope.close(scope, Exit.void));
    rmSync(dataDir, { recursive: true, force: true });
    await server.stop();
    await server.admin(`DROP ROLE IF EXISTS ${HUMBLE}`);
  });

  /** The address of a database whose tables are the user's own, and which is an administrator's. */
  const humbleDatabase = async (): Promise<string> => {
    const address = new URL(await server.freshDatabase());
    await server.admin(`CREATE ROLE ${HUMBLE} LOGIN`);
    await server.admin(`GRANT CREATE ON SCHEMA public TO ${HUMBLE}`, address.href);
    address.username = HUMBLE;
    return address.href;
  };

  it('gets no search indexes, is told what an administrator has to do, and searches all the same', async () => {
    const told: string[] = [];
    const logger = { ...silentLog, error: (_: Record<string, unknown>, message: string) => void told.push(message) };
    const opening = Effect.gen(function* () {
      const connection = yield* openConnection({ databaseUrl: yield* Effect.promise(humbleDatabase), dataDir });
      return yield* databaseOn(connection, { dataDir, logger });
    });
    const database = await run(Scope.provide(opening, scope));
    await run(database.setSearchIndex(true));
    const advice = 'let an administrator run CREATE EXTENSION pg_trgm';
    expect(told).toEqual([
      expect.stringMatching(`There is no index over persons.*${advice}`),
      expect.stringMatching(`There is no search index.*${advice}`),
    ]);
    await run(database.people.create({ name: 'John Smith', phone: null }, 1));
    const found = async (search: string) =>
      (await run(database.people.persons({ search }, { limit: 5, cursor: null }))).items.map(({ name }) => name);
    expect(await found('SMITH')).toEqual(['John Smith']);
    expect(await found('Smtih')).toEqual([]);
    const page = await run(database.catalogue.events({ search: 'anything' }, { limit: 5, cursor: null }));
    expect(page).toEqual({ items: [], cursor: null });
  });
});
