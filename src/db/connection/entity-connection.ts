import { DriverException } from '@mikro-orm/core';
import { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Connection, Sql } from './sql.ts';

/** A database whose rows are read and written as entities. An entity manager lives for one piece of work. */
export interface EntityWork extends Connection {
  /** Reads, each by itself. `body` awaits nothing but the entity manager and `sql`, and opens no transaction. */
  readonly entities: <A>(body: (em: SqlEntityManager, sql: Sql) => Promise<A>) => Promise<A>;
  /** A transaction, as `transaction` is: what goes through the entity manager and through `sql` commits together. */
  readonly changes: <A>(body: (em: SqlEntityManager, sql: Sql) => Promise<A>) => Promise<A>;
}

export interface EntityConnection extends EntityWork {
  /** As `query`, on a session that no other work can take away. The embedded database has but one. */
  readonly apart: Connection['query'];
  /**
   * The same sessions, for the work of instances, of which there may be thousands at once: it waits for its turn for as
   * long as the others move, and leaves some sessions to everybody else.
   */
  readonly forInstances: EntityWork;
}

interface Written {
  readonly rows: readonly object[];
  readonly numAffectedRows?: number;
}

/** The values that follow RETURNING are names: a text in which the word stands has a quotation mark behind it. */
const answersRows = (statement: string): boolean =>
  /^\s*(select|with)\b/i.test(statement) || / returning [^']*$/.test(statement);

const ask = async (sql: Sql, statement: string): Promise<Written> =>
  answersRows(statement)
    ? { rows: await sql.rows(statement) }
    : { rows: [], numAffectedRows: await sql.run(statement) };

/**
 * Runs `body` with an entity manager of its own, all of whose statements go to `sql`: the queue, and the session of
 * the transaction, are those of every other statement. (A transaction that MikroORM itself begins keeps its place in
 * the pool when the server ends the session.) An error of the database comes out as the driver threw it.
 */
const withEntities = async <A>(
  em: SqlEntityManager,
  sql: Sql,
  body: (em: SqlEntityManager) => Promise<A>,
): Promise<A> => {
  let failure: unknown = null;
  const fork = em.fork();
  fork.setTransactionContext({
    executeQuery: async ({ sql: statement }: { readonly sql: string }): Promise<Written> => {
      try {
        return await ask(sql, statement);
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  try {
    return await body(fork);
  } catch (error) {
    throw error instanceof DriverException && failure !== null ? failure : error;
  }
};

const entityWork = (connection: Connection, em: SqlEntityManager): EntityWork => ({
  ...connection,
  entities: (body) => connection.query((sql) => withEntities(em, sql, (fork) => body(fork, sql))),
  changes: (body) => connection.transaction((sql) => withEntities(em, sql, (fork) => body(fork, sql))),
});

export const entityConnection = (
  em: unknown,
  {
    others,
    instances,
    apart,
  }: { readonly others: Connection; readonly instances: Connection; readonly apart: Connection['query'] },
): EntityConnection => {
  if (!(em instanceof SqlEntityManager)) throw new Error('The configuration names neither of the two drivers');
  return { ...entityWork(others, em), apart, forInstances: entityWork(instances, em) };
};
