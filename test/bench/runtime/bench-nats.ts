import { randomUUID } from 'node:crypto';
import { Effect, Exit, Scope } from 'effect';
import { silentLog } from '../../../src/domain/log.ts';
import { openNats } from '../../../src/nats/open-nats.ts';
import type { Messaging } from '../../../src/runtime/messaging/messaging.ts';
import { natsDeployment } from '../../servers/nats-deployment.ts';

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
  const setting = natsDeployment({ urls: [url], prefix });
  const opening = openNats({ ...setting, databaseId: randomUUID(), otherNodes }, silentLog);
  return {
    prefix,
    open: async () => {
      const scope = Effect.runSync(Scope.make());
      const messaging = await Effect.runPromise(Scope.provide(opening, scope));
      return { messaging, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) };
    },
  };
};
