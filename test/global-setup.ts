import type { TestProject } from 'vitest/node';
import { startPostgres } from './servers/postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the one PostgreSQL server of the run: `inject('postgresUrl')`. Every test takes a database of its own in it. */
    readonly postgresUrl: string;
  }
}

let stopServer = async (): Promise<void> => {};

/** Starts one PostgreSQL server for the whole run. */
export const setup = async (project: TestProject): Promise<void> => {
  const server = await startPostgres();
  stopServer = () => server.stop();
  project.provide('postgresUrl', server.url);
};

export const teardown = (): Promise<void> => stopServer();
