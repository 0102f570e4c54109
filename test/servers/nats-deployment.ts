import { randomUUID } from 'node:crypto';
import type { NatsOptions } from '../../src/nats/nats-options.ts';

type NatsSetting = Omit<NatsOptions, 'databaseId' | 'otherNodes'>;

/** A deployment of its own on a server that others use too, as the environment would set it up. */
export const natsDeployment = (changes: Partial<NatsSetting> & Pick<NatsSetting, 'urls'>): NatsSetting => ({
  prefix: `t${randomUUID().slice(0, 8)}`,
  credsFile: null,
  nkeyFile: null,
  tlsCaFile: null,
  tlsCertFile: null,
  tlsKeyFile: null,
  replicas: 1,
  eventsMaxAgeMs: 60_000,
  eventsMaxBytes: 16 * 1024 * 1024,
  ...changes,
});
