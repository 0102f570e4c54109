import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { inject } from 'vitest';
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
  const nats = {
    urls: [inject('natsUrl')],
    prefix: `test-${randomUUID().slice(0, 8)}`,
    credsFile: null,
    nkeyFile: null,
    tlsCaFile: null,
    tlsCertFile: null,
    tlsKeyFile: null,
    replicas: 1,
    eventsMaxAgeMs: 3_600_000,
    eventsMaxBytes: 16_777_216,
  };
  return { options: { databaseUrl: await postgres.freshDatabase(), nats }, close: () => postgres.stop() };
};
