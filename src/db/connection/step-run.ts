import { touchedNothing } from './must-touch.ts';
import type { StepSql } from './sql.ts';

export interface Answer {
  readonly rows: readonly object[];
  /** Rows written (or, for a query, read). */
  readonly count: number;
}

/** Asks a session of either driver, which answers in the order in which it was asked. */
export type Ask = (text: string, parameters: readonly unknown[]) => Promise<Answer>;

const ignore = (): void => {};

const orMissed = (answer: Promise<Answer>, missed: () => Error): Promise<Answer> =>
  answer.catch((error) => {
    throw touchedNothing(error) ? missed() : error;
  });

/**
 * Runs `body` between BEGIN and COMMIT. Statements leave as soon as they are asked for, COMMIT too, and only their
 * order is kept: what nobody waits for costs no journey of its own. A statement that fails has ended the transaction
 * on the server, which then refuses those after it and makes a ROLLBACK of COMMIT. So this rejects with the first
 * failure in that order; the session may be left inside the transaction when `body` itself has failed.
 */
export const runStep = async <A>(ask: Ask, body: (sql: StepSql) => Promise<A>): Promise<A> => {
  const asked: Promise<unknown>[] = [];
  let isOver = false;
  const follow = <Outcome>(outcome: Promise<Outcome>): Promise<Outcome> => {
    outcome.catch(ignore);
    asked.push(outcome);
    return outcome;
  };
  const checked: Ask = (text, parameters) => {
    // It would take effect by itself, behind the back of the transaction.
    if (isOver) throw new Error('A statement came after the end of its step');
    return ask(text, parameters);
  };
  const sql: StepSql = {
    rows: async <R extends object>(text: string, parameters: readonly unknown[] = []) =>
      (await follow(checked(text, parameters))).rows as readonly R[],
    run: async (text, parameters = []) => (await follow(checked(text, parameters))).count,
    send: (text, parameters, missed) => {
      const answer = checked(text, parameters);
      follow(missed === undefined ? answer : orMissed(answer, missed));
    },
  };
  const settled = async (): Promise<void> => {
    for (const outcome of asked) await outcome;
  };

  try {
    follow(ask('BEGIN', []));
    const result = await body(sql);
    isOver = true;
    follow(ask('COMMIT', []));
    await settled();
    return result;
  } catch (error) {
    await settled();
    throw error;
  } finally {
    isOver = true;
  }
};
