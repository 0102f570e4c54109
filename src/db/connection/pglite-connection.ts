import type { PGlite } from '@electric-sql/pglite';
import type { FairQueue } from './fair-queue.ts';
import { PgliteSession } from './pglite-session.ts';
import type { Connection, Sql, StepSql } from './sql.ts';
import { runStep } from './step-run.ts';

type Querying = Pick<PGlite, 'query'>;

const sqlOf = (database: Querying): Sql => ({
  rows: async <R extends object>(text: string, parameters: readonly unknown[] = []) =>
    (await database.query<R>(text, [...parameters])).rows,
  run: async (text, parameters = []) => (await database.query(text, [...parameters])).affectedRows ?? 0,
});

const sessionSql = ({ ask }: PgliteSession): Sql => ({
  rows: async <R extends object>(text: string, parameters: readonly unknown[] = []) =>
    (await ask(text, parameters)).rows as readonly R[],
  run: async (text, parameters = []) => (await ask(text, parameters)).count,
});

const stepOn = async <A>(session: PgliteSession, body: (sql: StepSql) => Promise<A>): Promise<A> => {
  try {
    return await runStep(session.ask, body);
  } catch (error) {
    await session.ask('ROLLBACK', []);
    throw error;
  }
};

/**
 * PGlite has one connection: a query beside an open transaction would wait for a commit that waits for it. So
 * everything passes through one fair queue, and each piece is bounded by the shape of its statements, since
 * PGlite knows no time-outs.
 */
export const pgliteConnection = (pglite: PGlite, queue: FairQueue): Connection => {
  const query: Connection['query'] = (body) => queue.run('reads', () => body(sqlOf(pglite)));
  const session = new PgliteSession(pglite);
  return {
    kind: 'pglite',
    transaction: (body) => queue.run('writes', () => pglite.transaction((transaction) => body(sqlOf(transaction)))),
    step: (body) => queue.run('writes', () => stepOn(session, body)),
    query,
    single: (body) => queue.run('writes', () => body(sessionSql(session))),
    maintenance: query,
  };
};
