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
}

/** The service as a process of its own: `src/main.ts`, on a free port. */
export interface Service {
  readonly origin: string;
  readonly api: ApiClient;
  readonly child: Child;
}

export const startService = async (options: ServiceOptions): Promise<Service> => {
  const { dataDir, discordApiUrl, databaseUrl, port = 0, env = {} } = options;
  const child = new Child(MAIN, [], {
    PORT: String(port),
    DATA_DIR: dataDir,
    DISCORD_API_URL: discordApiUrl,
    LOG_LEVEL: 'info',
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    ...env,
  });
  const listening = await child.said((line) => (typeof line['port'] === 'number' ? line['port'] : undefined));
  const origin = `http://127.0.0.1:${listening}`;
  return { origin, api: new ApiClient(origin), child };
};
