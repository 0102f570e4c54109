import type { StepSql } from './sql.ts';

export interface Answer {
  readonly rows: readonly object[];
  /** Rows written (or, for a query, read). */
  readonly count: number;
}

/** Asks a session of either driver, which answers in the order in which it was asked. */
export type Ask = (text: string, parameters: readonly unknown[]) => Promise<Answer>;

const ignore = (): void => {};

const wroteOne = async (answer: Promise<Answer>, what: string): Promise<void> => {
  const { count } = await answer;
  if (count !== 1) throw new Error(`${what}: ${count} rows were written instead of one`);
};

/**
 * Runs `body` between BEGIN and COMMIT. Statements leave as soon as they are asked for, and only their order is
 * kept, so that what nobody waits for costs no journey of its own. Rejects with the first failure in that order, since
 * those after it only say that the transaction is over; rolling back is left to who holds the session.
 */
export const runStep = async <A>(ask: Ask, body: (sql: StepSql) => Promise<A>): Promise<A> => {
  const asked: Promise<unknown>[] = [];
  let isOver = false;
  const follow = <Outcome>(outcome: Promise<Outcome>): Promise<Outcome> => {
    outcome.catch(ignore);
    asked.push(outcome);
    return outcome;
  };
  const statement: Ask = (text, parameters) => {
    // It would take effect by itself, behind the back of the transaction.
    if (isOver) throw new Error('A statement came after the end of its step');
    return follow(ask(text, parameters));
  };
  const sql: StepSql = {
    rows: async <R extends object>(text: string, parameters: readonly unknown[] = []) =>
      (await statement(text, parameters)).rows as readonly R[],
    run: async (text, parameters = []) => (await statement(text, parameters)).count,
    send: (text, parameters, oneRow) => {
      const answer = statement(text, parameters);
      if (oneRow !== undefined) follow(wroteOne(answer, oneRow));
    },
  };
  const settled = async (): Promise<void> => {
    for (const outcome of asked) await outcome;
  };

  try {
    follow(ask('BEGIN', []));
    const result = await body(sql);
    await settled();
    await ask('COMMIT', []);
    return result;
  } catch (error) {
    await settled();
    throw error;
  } finally {
    isOver = true;
  }
};
