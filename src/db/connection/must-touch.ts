/*
 * Statements that have to touch a row, or else their transaction must not commit. The server itself sees to it: the
 * statement divides by the number of rows, and one that fails has ended its transaction, whatever follows it. So
 * COMMIT can leave together with the statements before it.
 */

/** Of an UPDATE without RETURNING. */
export const mustWrite = (update: string): string => `
  WITH written AS (${update} RETURNING 1) SELECT 1 / count(*) FROM written`;

/** Of a SELECT. */
export const mustFind = (select: string): string => `SELECT 1 / count(*) FROM (${select}) AS found`;

const DIVISION_BY_ZERO = '22012';

export const touchedNothing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === DIVISION_BY_ZERO;
