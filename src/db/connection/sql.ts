/** Statements with numbered parameters ($1, …), sent as parameters and never pasted into the text. */
export interface Sql {
  readonly rows: <R extends object>(text: string, parameters?: readonly unknown[]) => Promise<readonly R[]>;
  /** How many rows the statement wrote. */
  readonly run: (text: string, parameters?: readonly unknown[]) => Promise<number>;
}

/** The statements of a step: the same few over and over, so each session parses and plans them once. */
export interface StepSql extends Sql {
  /**
   * A statement that the step need not wait for: it keeps its place among the others, and the step does not commit
   * unless it succeeded. `missed` is the error of one that had to touch a row (`must-touch.ts`) and did not.
   */
  readonly send: (text: string, parameters: readonly unknown[], missed?: () => Error) => void;
}

/**
 * A database behind one of the two drivers. `bigint` columns are read as `float8` and instants as milliseconds,
 * since the drivers disagree about what they make of them otherwise.
 */
export interface Connection {
  readonly kind: 'pglite' | 'postgres';
  /**
   * Commits when `body` resolves, rolls back when it rejects. `body` awaits nothing but `sql`: the embedded
   * database has one connection, and PostgreSQL ends a session that idles in a transaction.
   */
  readonly transaction: <A>(body: (sql: Sql) => Promise<A>) => Promise<A>;
  /** A transaction like any other, for the statements that make up nearly all of the work. */
  readonly step: <A>(body: (sql: StepSql) => Promise<A>) => Promise<A>;
  /** Single statements, each committing by itself. */
  readonly query: <A>(body: (sql: Sql) => Promise<A>) => Promise<A>;
  /** Single statements too, but of those that are used over and over: each session parses and plans them once. */
  readonly single: <A>(body: (sql: Sql) => Promise<A>) => Promise<A>;
  /** Statements that take long or may not run in a transaction: without time limits, on a session of their own. */
  readonly maintenance: <A>(body: (sql: Sql) => Promise<A>) => Promise<A>;
}
