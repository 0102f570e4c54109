import type { Sql } from '../connection/sql.ts';

export type IndexState = 'valid' | 'broken' | 'absent';

/** An index whose building was cut short is there, costs, and is of no use: it is not valid. */
export const stateOfIndex = async (sql: Sql, name: string): Promise<IndexState> => {
  const [index] = await sql.rows<{ valid: boolean }>(
    'SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)',
    [name],
  );
  if (index === undefined) return 'absent';
  return index.valid ? 'valid' : 'broken';
};

/** Null when the extension is there, otherwise what the operator has to do. */
export const missingTrigrams = async (sql: Sql): Promise<string | null> => {
  const [extension] = await sql.rows<{ installed: boolean }>(
    `SELECT installed_version IS NOT NULL AS installed FROM pg_available_extensions WHERE name = 'pg_trgm'`,
  );
  if (extension?.installed === true) return null;
  if (extension === undefined)
    return 'the extension pg_trgm is not installed on the PostgreSQL server (Debian: postgresql-contrib)';
  try {
    await sql.run('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    return null;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === '42501')) throw error;
    return 'the database user may not create extensions; let an administrator run CREATE EXTENSION pg_trgm in this database';
  }
};
