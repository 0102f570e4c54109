import type { SqlEntityManager } from '@mikro-orm/postgresql';

/** Waits for a lock that has a name and no row, and holds it until the transaction ends. */
export const lockUntilCommit = async (em: SqlEntityManager, name: string): Promise<void> => {
  await em.execute('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [name]);
};
