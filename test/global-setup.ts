import type { TestProject } from 'vitest/node';
import { makeTemplate } from './harness/embedded-template.ts';
import { startNats } from './servers/nats.ts';
import { startPostgres } from './servers/postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * Of the one PostgreSQL server of the run: `inject('postgresUrl')`. Every test takes a database of its own in it.
     */
    readonly postgresUrl: string;
    /** Of the one nats-server of the run. Every test takes a prefix of its own in it. */
    readonly natsUrl: string;
  }
}

let stopServers = async (): Promise<void> => {};

/** Starts one PostgreSQL server and one nats-server, and makes one empty embedded database, for the whole run. */
export const setup = async (project: TestProject): Promise<void> => {
  const [postgres, nats, removeTemplate] = await Promise.all([startPostgres(), startNats(), makeTemplate()]);
  stopServers = async () => void (await Promise.all([postgres.stop(), nats.stop(), removeTemplate()]));
  project.provide('postgresUrl', postgres.url);
  project.provide('natsUrl', nats.url);
};

export const teardown = (): Promise<void> => stopServers();
