import { randomUUID } from 'node:crypto';
import { Effect, Exit, Result, Scope } from 'effect';
import type { Log } from '../../src/domain/log.ts';
import type { NatsOptions } from '../../src/nats/nats-options.ts';
import type { NatsRefused } from '../../src/nats/nats-refused.ts';
import { openNats } from '../../src/nats/open-nats.ts';
import type { Messaging } from '../../src/runtime/messaging/messaging.ts';
import { Arrivals } from '../contract/arrivals.ts';
import { natsDeployment } from '../servers/nats-deployment.ts';

/** A deployment of its own, with a database of its own. */
export const deployment = (changes: Partial<NatsOptions> & Pick<NatsOptions, 'urls'>): NatsOptions => ({
  ...natsDeployment(changes),
  databaseId: randomUUID(),
  otherNodes: Effect.succeed(1),
  ...changes,
});

export interface LogLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** One node's end of NATS, and what it logged. */
export class NatsNode {
  readonly messaging: Messaging;
  readonly lines: Arrivals<LogLine>;
  readonly #scope: Scope.Closeable;

  private constructor(messaging: Messaging, lines: Arrivals<LogLine>, scope: Scope.Closeable) {
    this.messaging = messaging;
    this.lines = lines;
    this.#scope = scope;
  }

  static async open(options: NatsOptions): Promise<NatsNode> {
    const lines = new Arrivals<LogLine>();
    const scope = await Effect.runPromise(Scope.make());
    const messaging = await Effect.runPromise(Scope.provide(openNats(options, logTo(lines)), scope));
    return new NatsNode(messaging, lines, scope);
  }

  /** Resolves when a line matches, from now on or before. */
  async said(pattern: RegExp, times = 1): Promise<void> {
    await this.lines.until((lines) => lines.filter(({ message }) => pattern.test(message)).length >= times);
  }

  close(): Promise<void> {
    return Effect.runPromise(Scope.close(this.#scope, Exit.void));
  }
}

/** Why NATS is refused; throws if it is not. */
export const refusalOf = async (options: NatsOptions): Promise<NatsRefused> => {
  const opened = Effect.scoped(openNats(options, logTo(new Arrivals())));
  const result = await Effect.runPromise(Effect.result(opened));
  if (Result.isSuccess(result)) throw new Error('It was not refused');
  return result.failure;
};

const logTo = (lines: Arrivals<LogLine>): Log => {
  const at = (level: keyof Log) => (fields: Record<string, unknown>, message: string) =>
    lines.add({ level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};
