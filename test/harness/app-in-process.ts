import { Effect, Exit, Scope } from 'effect';
import { startApp } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { ApiClient } from './api-client.ts';

/** The whole service inside the test's process: everything of `src/app.ts`, without the signals of `src/main.ts`. */
export interface AppInProcess {
  readonly origin: string;
  readonly api: ApiClient;
  /** Every line that it logged, as an operator would read it. */
  readonly logged: readonly string[];
  /** Drains it, as SIGTERM would. */
  readonly stop: () => Promise<void>;
}

export type AppOptions = Pick<Config, 'dataDir' | 'discordApiUrl'> & Partial<Config>;

export const startAppInProcess = async (options: AppOptions): Promise<AppInProcess> => {
  const logged: string[] = [];
  const log = createLog({ level: 'debug', pretty: false, destination: { write: (line) => void logged.push(line) } });
  const config: Config = {
    host: '127.0.0.1',
    port: 0,
    apiKey: null,
    databaseUrl: null,
    databasePoolSize: 10,
    nats: null,
    secretKey: null,
    previousSecretKeys: [],
    whatsappSocketUrl: null,
    whatsappMediaUrl: null,
    logLevel: 'debug',
    ...options,
  };
  const scope = Scope.makeUnsafe();
  const { port } = await Effect.runPromise(startApp(config, log).pipe(Scope.provide(scope)));
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    api: new ApiClient(origin),
    logged,
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  };
};
