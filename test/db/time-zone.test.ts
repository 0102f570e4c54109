import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { message, type StoreDriver, StoreRig } from '../contract/store-driver.ts';
import { borrowed } from '../servers/postgres.ts';
import { postgresDriver } from './postgres-driver.ts';

describe('a PostgreSQL server in another time zone', () => {
  const server = borrowed(inject('postgresUrl'));
  const driver = postgresDriver(() => server);
  const elsewhere: StoreDriver = {
    ...driver,
    prepare: async () => {
      const location = await driver.prepare();
      const name = new URL(location.databaseUrl ?? '').pathname.slice(1);
      await server.admin(`ALTER DATABASE ${name} SET timezone = 'Europe/Berlin'`);
      return location;
    },
  };
  let rig: StoreRig;
  beforeAll(async () => {
    rig = await StoreRig.open(elsewhere);
  });
  afterAll(async () => {
    await rig?.close();
    await driver.dispose();
    await server.stop();
  });

  it('tells the time of a message as it was given, however long ago', async () => {
    const id = await rig.instance();
    const room = await rig.conversation(id);
    const times = ['0001-01-01T00:00:00.000Z', '1850-06-01T12:34:56.789Z', '2026-07-01T00:00:00.001Z'];
    const messages = times.map((time) => message(time, { timestamp: Date.parse(time) }));
    await rig.step(id, (tx) => tx.upsertMessages(id, room, 'sync', messages, Date.now()));
    const page = await Effect.runPromise(rig.db.catalogue.events({ instanceId: id }, { limit: 10, cursor: null }));
    expect(page.items.map(({ timestamp }) => timestamp)).toEqual([...times].reverse());
  });
});
