import process from 'node:process';
import { inject } from 'vitest';
import { natsDeployment } from '../servers/nats-deployment.ts';
import { borrowed } from '../servers/postgres.ts';
import type { AppOptions } from './app-in-process.ts';

/** What a service under test stands on. */
export interface Stack {
  readonly options: Partial<AppOptions>;
  readonly close: () => Promise<void>;
}

/**
 * The embedded default, or, with `TEST_STACK=nats`, PostgreSQL and JetStream as in production: each stack with a
 * database and a prefix of its own.
 */
export const openStack = async (): Promise<Stack> => {
  if (process.env['TEST_STACK'] !== 'nats') return { options: {}, close: async () => {} };
  const postgres = borrowed(inject('postgresUrl'));
  const nats = natsDeployment({ urls: [inject('natsUrl')], eventsMaxAgeMs: 3_600_000 });
  return { options: { databaseUrl: await postgres.freshDatabase(), nats }, close: () => postgres.stop() };
};
