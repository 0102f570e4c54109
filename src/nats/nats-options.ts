import type { Effect } from 'effect';

/** Where NATS is, and how this deployment uses it. Files are read once, at start. */
export interface NatsOptions {
  /** Servers of one cluster: `nats://` or `tls://`, each with `user:password@` or `token@` where that is wanted. */
  readonly urls: readonly string[];
  /** Sets this deployment apart from others on the same NATS: subjects and streams begin with it. Null: no prefix. */
  readonly prefix: string | null;
  /** A file with a user's JWT and its seed, as `nsc` writes it. */
  readonly credsFile: string | null;
  /** A file with the seed of an NKey user. */
  readonly nkeyFile: string | null;
  /** Files in PEM: whom to trust beyond the system's own authorities, and the certificate by which we are known. */
  readonly tlsCaFile: string | null;
  readonly tlsCertFile: string | null;
  readonly tlsKeyFile: string | null;
  /** Copies of each stream: 1, or up to 5 on a cluster of as many servers. */
  readonly replicas: number;
  /** How long, and how much of, the events are kept for subscribers. What is older goes first. */
  readonly eventsMaxAgeMs: number;
  readonly eventsMaxBytes: number;
  /** The same for every node on a database, and different for every database: its outbox ids and epochs are its own. */
  readonly databaseId: string;
  /** How many other nodes live, so that a question is over once all have answered. Failing costs the full second. */
  readonly otherNodes: Effect.Effect<number, unknown>;
}
