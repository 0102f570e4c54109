import { fileURLToPath } from 'node:url';
import { ApiClient } from './api-client.ts';
import { Child } from './child.ts';
import { STRIKES_VARIABLE, type Strike } from './faults/strike.ts';

const FAULTY_MAIN = fileURLToPath(new URL('faults/main.ts', import.meta.url));
const SHIFTED_CLOCK = fileURLToPath(new URL('faults/shifted-clock.ts', import.meta.url));
const TRUSTING_MAIN = fileURLToPath(new URL('../simulators/whatsapp/trusting-main.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface ServiceOptions {
  readonly dataDir: string;
  readonly discordApiUrl: string;
  /** A simulated WhatsApp, which the process is made to believe. */
  readonly whatsapp?: { readonly socketUrl: string; readonly mediaUrl: string };
  readonly databaseUrl?: string;
  readonly port?: number;
  readonly env?: Record<string, string>;
  /** Ctrl-C in the terminal does not reach it. */
  readonly isApart?: boolean;
  /**
   * Runs it on parts that strike at points of the protocol: at these from its start, at others when it is told so
   * (`arm`). Null: the service as it is.
   */
  readonly strikes?: readonly Strike[] | null;
  /** Its wall clock jumps when it is told so (`shiftClock`). */
  readonly isClockShifted?: boolean;
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
  const { dataDir, discordApiUrl, whatsapp, databaseUrl, port = 0, env = {}, strikes = null } = options;
  const variables = {
    PORT: String(port),
    DATA_DIR: dataDir,
    DISCORD_API_URL: discordApiUrl,
    ...(whatsapp === undefined
      ? {}
      : { WHATSAPP_SOCKET_URL: whatsapp.socketUrl, WHATSAPP_MEDIA_URL: whatsapp.mediaUrl }),
    LOG_LEVEL: 'info',
    // An empty one counts as unset: the embedded database, whatever the surroundings say.
    DATABASE_URL: databaseUrl ?? '',
    ...env,
    ...(strikes === null ? {} : { [STRIKES_VARIABLE]: JSON.stringify(strikes) }),
  };
  const { isApart = false, isClockShifted = false } = options;
  const plain = whatsapp === undefined ? MAIN : TRUSTING_MAIN;
  const child = new Child(strikes === null ? plain : FAULTY_MAIN, [], variables, {
    isApart,
    hasEar: strikes !== null || isClockShifted,
    nodeArgs: isClockShifted ? ['--import', SHIFTED_CLOCK] : [],
  });
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
