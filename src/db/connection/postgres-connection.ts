import type { Writable } from 'node:stream';
import { StoreUnavailable } from '../../domain/errors.ts';
import { DAY_MS } from '../../domain/instant.ts';
import { failureOf } from './query-failure.ts';
import type { Connection, Sql, StepSql } from './sql.ts';
import { type Ask, runStep } from './step-run.ts';

interface QueryResult {
  readonly rows: readonly object[];
  readonly rowCount: number | null;
}

/** A statement with a patience of its own, ms, instead of that of the session. */
interface PatientStatement {
  readonly text: string;
  readonly values: unknown[];
  readonly query_timeout: number;
}

/** A statement that the session parses and plans at its first use, and knows by its name from then on. */
interface NamedStatement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** What is used of a `pg` client. */
export interface PostgresClient {
  query(text: string, parameters?: unknown[]): Promise<QueryResult>;
  query(statement: PatientStatement | NamedStatement): Promise<QueryResult>;
  /** With true the session is closed instead of going back to the pool. */
  release(destroy?: boolean): void;
  readonly connection: { readonly stream: Writable };
}

/** What is used of a `pg` pool. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
}

/** Runs work that takes one session, when it is its turn. */
export type InTurn = <A>(work: () => Promise<A>) => Promise<A>;

/** A session, which was opened for this if none was idle. Who gets none has asked nothing. */
const sessionOf = async (pool: PostgresPool): Promise<PostgresClient> => {
  try {
    return await pool.connect();
  } catch (error) {
    throw failureOf(error) instanceof StoreUnavailable
      ? new StoreUnavailable({ cause: error, nothingWasAsked: true })
      : error;
  }
};

type AskPlainly = (text: string, parameters: unknown[]) => Promise<QueryResult>;

const sqlOf = (ask: AskPlainly): Sql => ({
  rows: async <R extends object>(text: string, parameters: readonly unknown[] = []) =>
    (await ask(text, [...parameters])).rows as readonly R[],
  run: async (text, parameters = []) => (await ask(text, [...parameters])).rowCount ?? 0,
});

const sessionSql = (client: PostgresClient): Sql => sqlOf((text, parameters) => client.query(text, parameters));

const patientSql = (client: PostgresClient): Sql =>
  sqlOf((text, values) => client.query({ text, values, query_timeout: DAY_MS }));

/**
 * Rolls back and returns the session, or closes it when even that fails: a dead one must not block a place in the pool.
 */
const abandon = async (client: PostgresClient): Promise<void> => {
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch {
    client.release(true);
  }
};

const transactionOn = async <A>(pool: PostgresPool, body: (sql: Sql) => Promise<A>): Promise<A> => {
  const client = await sessionOf(pool);
  try {
    await client.query('BEGIN');
    const result = await body(sessionSql(client));
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    await abandon(client);
    throw error;
  }
};

const names = new Map<string, string>();

const nameOf = (text: string): string => {
  const name = names.get(text) ?? `step_${names.size}`;
  names.set(text, name);
  return name;
};

/** What a step asks for in one go leaves in one write: the system call costs more than most of its statements do. */
const gather = ({ connection: { stream } }: PostgresClient): void => {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
};

const askByName =
  (client: PostgresClient): Ask =>
  async (text, parameters) => {
    gather(client);
    const { rows, rowCount } =
      parameters.length === 0
        ? await client.query(text)
        : await client.query({ name: nameOf(text), text, values: [...parameters] });
    return { rows, count: rowCount ?? 0 };
  };

const stepOn = async <A>(pool: PostgresPool, body: (sql: StepSql) => Promise<A>): Promise<A> => {
  const client = await sessionOf(pool);
  try {
    const result = await runStep(askByName(client), body);
    client.release();
    return result;
  } catch (error) {
    await abandon(client);
    throw error;
  }
};

/**
 * One statement, which commits by itself. After one that fails the session is closed: its answer may be on the way
 * yet.
 */
const askOnce = async (
  pool: PostgresPool,
  ask: (client: PostgresClient) => Promise<QueryResult>,
): Promise<QueryResult> => {
  const client = await sessionOf(pool);
  try {
    const result = await ask(client);
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
};

/** The session is closed afterwards, and its settings and session locks with it. */
const maintenanceOn = async <A>(pool: PostgresPool, body: (sql: Sql) => Promise<A>): Promise<A> => {
  const client = await sessionOf(pool);
  try {
    await client.query('SET statement_timeout = 0');
    await client.query('SET lock_timeout = 0');
    return await body(patientSql(client));
  } finally {
    client.release(true);
  }
};

/**
 * Transactions run on the pool itself rather than through the entity manager, whose transactions keep the place
 * of a session that the server has ended: ten of those, and nobody gets a session any more.
 */
export const postgresConnection = (pool: PostgresPool, inTurn: InTurn): Connection => {
  const once = (ask: (client: PostgresClient) => Promise<QueryResult>) => inTurn(() => askOnce(pool, ask));
  return {
    kind: 'postgres',
    transaction: (body) => inTurn(() => transactionOn(pool, body)),
    step: (body) => inTurn(() => stepOn(pool, body)),
    query: (body) => body(sqlOf((text, parameters) => once((client) => client.query(text, parameters)))),
    single: (body) =>
      body(sqlOf((text, values) => once((client) => client.query({ name: nameOf(text), text, values })))),
    maintenance: (body) => inTurn(() => maintenanceOn(pool, body)),
  };
};
