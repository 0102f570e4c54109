/**
 * Where the core says what it does. `fields` are for machines (ids, counts, durations), the message for people.
 * Implementations redact secrets, but nobody should rely on that: do not pass any.
 */
export interface Log {
  readonly debug: (fields: Record<string, unknown>, message: string) => void;
  readonly info: (fields: Record<string, unknown>, message: string) => void;
  readonly warn: (fields: Record<string, unknown>, message: string) => void;
  readonly error: (fields: Record<string, unknown>, message: string) => void;
}

/** For tests and tools that have nothing to say. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
