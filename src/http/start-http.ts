import { createServer as createDoor, type Server as Door } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Effect, type Scope } from 'effect';
import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from './http-deps.ts';
import { type ListenRefused, listenRefused } from './listen-refused.ts';
import { createServer, type Server } from './server.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Null only on a loopback host. */
  readonly apiKey: string | null;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** How long requests under way are waited for at the end. */
const FINISH_LIMIT_MS = 5_000;

/** Serves the API until the scope closes; then refuses, finishes what is under way, and ends every stream. */
export const startHttp = (deps: HttpDeps, options: HttpOptions): Effect.Effect<Listening, ListenRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => createServer(deps, options.apiKey)),
      (opened) => Effect.promise(() => close(opened)),
    );
    const port = yield* Effect.tryPromise({
      try: () => listen(server.app, options),
      catch: (cause) => listenRefused(options.host, options.port, cause),
    });
    if (isIPv4Loopback(options.host)) yield* alsoOnIPv6(server.app, port);
    return { host: options.host, port };
  });

const listen = async (app: FastifyInstance, { host, port }: HttpOptions): Promise<number> => {
  await app.listen({ host: isIPv4Loopback(host) ? '127.0.0.1' : host, port });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
};

const isIPv4Loopback = (host: string): boolean => host === '127.0.0.1' || host === 'localhost';

/**
 * `localhost` may mean ::1 to a client: a second door there leads to the same server. A machine without IPv6,
 * or one where somebody else has that port, does without.
 */
const alsoOnIPv6 = (app: FastifyInstance, port: number): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.callback<Door>((resume) => {
        const door = createDoor({ allowHalfOpen: true, noDelay: true }, (socket) =>
          app.server.emit('connection', socket),
        );
        door.once('error', () => resume(Effect.succeed(door)));
        door.listen({ host: '::1', port, ipv6Only: true }, () => resume(Effect.succeed(door)));
      }),
      (door) => Effect.sync(() => void door.close()),
    ),
  );

const close = async ({ app, drain, quiet }: Server): Promise<void> => {
  drain();
  const closed = app.close();
  const patience = new AbortController();
  await Promise.race([quiet(), delay(FINISH_LIMIT_MS, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
  // What is left has been answered, never asked anything, or took too long.
  app.server.closeAllConnections();
  await closed;
};
