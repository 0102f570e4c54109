export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where NATS is, and how this deployment uses it. `src/nats` says what each means in full. */
export interface NatsConfig {
  readonly urls: readonly string[];
  readonly prefix: string | null;
  /** Files: they are read when NATS is opened. */
  readonly credsFile: string | null;
  readonly nkeyFile: string | null;
  readonly tlsCaFile: string | null;
  readonly tlsCertFile: string | null;
  readonly tlsKeyFile: string | null;
  readonly replicas: number;
  readonly eventsMaxAgeMs: number;
  readonly eventsMaxBytes: number;
}

/** What the environment said, checked. Read once at start and handed down; nothing else reads the environment. */
export interface Config {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Null: no key is asked for, and `host` is loopback. */
  readonly apiKey: string | null;
  readonly dataDir: string;
  /** Null: the embedded PGlite in `dataDir`. */
  readonly databaseUrl: string | null;
  /** Sessions that this process may have open with PostgreSQL, beside the one of its lease. */
  readonly databasePoolSize: number;
  /** Null: commands and events are carried within this process, which is alone. */
  readonly nats: NatsConfig | null;
  /** Null: a key file in `dataDir`, made on first start. */
  readonly secretKey: string | null;
  /** Keys that may still decrypt what was written before a rotation, newest first. */
  readonly previousSecretKeys: readonly string[];
  /** Null: Discord's own. Without a trailing slash. */
  readonly discordApiUrl: string | null;
  /** Null: WhatsApp's own. */
  readonly whatsappSocketUrl: string | null;
  /** The host of history files; null: WhatsApp's own. Without a trailing slash. */
  readonly whatsappMediaUrl: string | null;
  readonly logLevel: LogLevel;
}
