import { Effect } from 'effect';
import type { InstanceId, PersonId } from '../../../src/domain/ids.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';
import { listedConversation } from '../../contract/store-driver.ts';
import type { PostgresServer } from '../../servers/postgres.ts';
import type { BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median, pairedRatio, quantile } from '../statistics.ts';
import { type BenchStore, openBenchStore } from '../store/bench-store.ts';
import { type Crowd, crowdOf } from './crowd.ts';

/*
 * How long it takes to find one of many persons among many messages, as the API finds them, and to read what one wrote.
 * Beside it, in turns: reading the whole table of contacts for the same terms, as it would be without an index.
 */

export interface PeopleSize {
  readonly persons: number;
  readonly events: number;
  /** Of each kind, in each round. */
  readonly requests: number;
}

const PAGE = 1_000;
const SEED = 7;

interface Hall {
  readonly store: BenchStore;
  readonly crowd: Crowd;
  readonly persons: readonly PersonId[];
  /** Contacts stored per second. */
  readonly storedPerSecond: number;
}

const run = Effect.runPromise;

const fenceOf = (store: BenchStore, id: InstanceId) => {
  const fence = store.fences.find(({ partition }) => partition === partitionOf(id));
  if (fence === undefined) throw new Error('The partition was not claimed');
  return fence;
};

const storeContacts = async (store: BenchStore, crowd: Crowd, id: InstanceId, size: number): Promise<number> => {
  const fence = fenceOf(store, id);
  let tookMs = 0;
  for (let at = 0; at < size; at += PAGE) {
    const page = crowd.contactsFrom(at, PAGE);
    const startedAt = performance.now();
    await run(store.db.runtime.step(fence, (tx) => tx.storeContacts(id, 'discord', page, Date.now())));
    tookMs += performance.now() - startedAt;
  }
  return (size * 1000) / tookMs;
};

/** Messages of everybody, by everybody, in a hundred rooms. */
const fillEvents = async (store: BenchStore, id: InstanceId, { persons, events }: PeopleSize): Promise<void> => {
  const fence = fenceOf(store, id);
  const rooms = Array.from({ length: 100 }, () => listedConversation());
  await run(store.db.runtime.step(fence, (tx) => tx.upsertConversations(id, rooms, Date.now())));
  await store.connection.maintenance((sql) =>
    sql.run(
      `WITH room AS (SELECT array_agg(id) AS ids FROM conversations WHERE instance_id = $1)
       INSERT INTO omni_events (
         timestamp, stored_at, instance_id, conversation_id, is_from_me, external_id, sender_id, type, source, text, payload)
       SELECT to_timestamp(1700000000 + n), now(), $1, room.ids[1 + n % 100], false, n::text,
         'account-' || ((hashint4(n) & 2147483647) % $2::int), 'text', 'sync', 'message ' || n, '{}'
       FROM room, generate_series(1, $3::int) AS n`,
      [id, persons, events],
    ),
  );
};

const enter = async (postgres: PostgresServer, size: PeopleSize, tell: BenchSetting['tell']): Promise<Hall> => {
  const store = await openBenchStore(await postgres.freshDatabase());
  const credentials = { token: 'bench' };
  const instance = { name: 'Bench', channel: 'discord', credentials } as const;
  const { id } = await run(store.db.registry.create(instance, Date.now()));
  const crowd = crowdOf(size.persons, SEED);
  tell(`storing ${size.persons} contacts and ${size.events} messages`);
  const storedPerSecond = await storeContacts(store, crowd, id, size.persons);
  await fillEvents(store, id, size);
  // What autovacuum does by itself sooner or later.
  for (const table of ['omni_events', 'platform_identities', 'persons']) {
    await store.connection.maintenance((sql) => sql.run(`VACUUM ANALYZE ${table}`));
  }
  const rows = await store.connection.query((sql) =>
    sql.rows<{ id: PersonId }>('SELECT person_id AS id FROM platform_identities ORDER BY external_id LIMIT 1000'),
  );
  return { store, crowd, persons: rows.map((row) => row.id), storedPerSecond };
};

/** Milliseconds of each of a number of requests, one after another. */
const timed = async (requests: number, ask: (n: number) => Promise<unknown>): Promise<readonly number[]> => {
  const tookMs: number[] = [];
  for (let n = 0; n < requests; n++) {
    const startedAt = performance.now();
    await ask(n);
    tookMs.push(performance.now() - startedAt);
  }
  return tookMs;
};

const search = ({ store, crowd }: Hall) =>
  run(store.db.people.persons({ search: crowd.term() }, { limit: 50, cursor: null }));

/** The same without an index, and without the persons' names. */
const scan = ({ store, crowd }: Hall) =>
  store.connection.transaction(async (sql) => {
    await sql.run('SET LOCAL enable_bitmapscan = off');
    await sql.rows(
      `SELECT person_id FROM platform_identities WHERE search LIKE '%' || lower($1) || '%' ORDER BY length(search) LIMIT 50`,
      [crowd.term()],
    );
  });

const timeline = ({ store, persons }: Hall, n: number) =>
  run(store.db.people.timeline(persons[(n * 7) % persons.length] as PersonId, { limit: 50, cursor: null }));

export const benchPeople = async (
  size: PeopleSize,
  postgres: PostgresServer,
  { rounds, tell }: BenchSetting,
): Promise<readonly Figure[]> => {
  const hall = await enter(postgres, size, tell);
  const searched: number[] = [];
  const read: number[] = [];
  const empty: number[] = [];
  const kept = (into: number[], ask: (n: number) => Promise<unknown>) => async () => {
    const tookMs = await timed(size.requests, ask);
    into.push(...tookMs);
    return median(tookMs);
  };
  try {
    const measured = await interleave(
      [
        { name: 'search', run: kept(searched, () => search(hall)) },
        { name: 'scan', run: kept([], () => scan(hall)) },
        { name: 'empty query', run: kept(empty, () => run(hall.store.db.ping)) },
        { name: 'timeline', run: kept(read, (n) => timeline(hall, n)) },
      ],
      rounds,
      tell,
    );
    const scans = measured.get('scan') ?? [];
    const ofAll = `of ${size.persons.toLocaleString('en')} persons`;
    return [
      plain('Contacts stored with their persons, a step for each 1,000', hall.storedPerSecond, 'contacts/s'),
      plain('Reading all contacts for a term, p50', median(scans), 'ms'),
      {
        ...plain(`Person search ${ofAll}, p50`, quantile(searched, 0.5), 'ms'),
        ratio: pairedRatio(measured.get('search') ?? [], scans),
        against: 'reading all contacts',
      },
      {
        ...plain(`Person search ${ofAll}, p99`, quantile(searched, 0.99), 'ms'),
        ratio: quantile(searched, 0.99) / quantile(empty, 0.99),
        against: 'an empty query',
        aim: { of: 'value', bound: 'under', limit: 50 },
      },
      plain(`Timeline among ${size.events.toLocaleString('en')} messages, p50`, quantile(read, 0.5), 'ms'),
      plain('Timeline, p99', quantile(read, 0.99), 'ms'),
    ];
  } finally {
    await hall.store.close();
  }
};
