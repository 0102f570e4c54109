import { fileURLToPath } from 'node:url';
import { ApiClient } from './api-client.ts';
import { Child } from './child.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface ServiceOptions {
  readonly dataDir: string;
  readonly discordApiUrl: string;
  readonly databaseUrl?: string;
  readonly port?: number;
  readonly env?: Record<string, string>;
  /** Ctrl-C in the terminal does not reach it. */
  readonly isApart?: boolean;
}

/** The service as a process of its own: `src/main.ts`, on a free port. */
export interface Service {
  readonly origin: string;
  readonly api: ApiClient;
  readonly child: Child;
}

/** A service on its way: it may be killed before it listens. */
export interface Launched {
  readonly child: Child;
  /** Rejects, with what it said, when the process ends first. */
  readonly listening: Promise<Service>;
}

export const launchService = (options: ServiceOptions): Launched => {
  const { dataDir, discordApiUrl, databaseUrl, port = 0, env = {}, isApart = false } = options;
  const variables = {
    PORT: String(port),
    DATA_DIR: dataDir,
    DISCORD_API_URL: discordApiUrl,
    LOG_LEVEL: 'info',
    // An empty one counts as unset: the embedded database, whatever the surroundings say.
    DATABASE_URL: databaseUrl ?? '',
    ...env,
  };
  const child = new Child(MAIN, [], variables, isApart);
  const serviceAt = (listening: number): Service => {
    const origin = `http://127.0.0.1:${listening}`;
    return { origin, api: new ApiClient(origin), child };
  };
  return {
    child,
    listening: child.said((line) => (typeof line['port'] === 'number' ? line['port'] : undefined)).then(serviceAt),
  };
};

export const startService = (options: ServiceOptions): Promise<Service> => launchService(options).listening;
