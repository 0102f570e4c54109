import { randomUUID } from 'node:crypto';
import { Effect, Exit, Scope } from 'effect';
import { silentLog } from '../../../src/domain/log.ts';
import { openNats } from '../../../src/nats/open-nats.ts';
import type { Messaging } from '../../../src/runtime/messaging/messaging.ts';

/** A deployment of its own on this NATS, as its nodes see it. */
export interface Deployment {
  readonly prefix: string;
  /** One node's link, with what it carries. */
  readonly open: () => Promise<Link>;
}

export interface Link {
  readonly messaging: Messaging;
  readonly close: () => Promise<void>;
}

export const deploymentOn = (url: string, otherNodes: Effect.Effect<number, unknown>): Deployment => {
  const prefix = `b${randomUUID().slice(0, 8)}`;
  const databaseId = randomUUID();
  const opening = openNats(
    {
      urls: [url],
      prefix,
      credsFile: null,
      nkeyFile: null,
      tlsCaFile: null,
      tlsCertFile: null,
      tlsKeyFile: null,
      replicas: 1,
      eventsMaxAgeMs: 60_000,
      eventsMaxBytes: 16 * 1024 * 1024,
      databaseId,
      otherNodes,
    },
    silentLog,
  );
  return {
    prefix,
    open: async () => {
      const scope = Effect.runSync(Scope.make());
      const messaging = await Effect.runPromise(Scope.provide(opening, scope));
      return { messaging, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) };
    },
  };
};
