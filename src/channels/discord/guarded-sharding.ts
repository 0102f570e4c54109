import { SimpleShardingStrategy } from 'discord.js';

/** What of a shard is looked after here. The library declares some of it private, and starts it without waiting for it. */
interface ShardInsides {
  connection: { onerror: unknown; terminate: () => void } | null;
}
type Work = (...args: unknown[]) => Promise<void>;

const STARTED_UNAWAITED = ['internalConnect', 'onMessage', 'onClose', 'heartbeat', 'destroy'] as const;
const RESUMES_WORK: readonly string[] = ['internalConnect', 'onMessage', 'onClose', 'heartbeat'];

export interface ShardingListener {
  /** Told of what the library could not make sense of; the connection goes on. */
  readonly onFault: (error: unknown) => void;
  /** Told when a connection could not even be tried, after which the library tries no more. */
  readonly onDeadEnd: () => void;
}

/**
 * discord.js' own way of running shards, made safe to host. Two things of `@discordjs/ws` 1.2 would otherwise hurt a
 * long-lived service: it starts asynchronous work that nobody awaits, so that an odd packet or address becomes an
 * unhandled rejection, which ends the process; and destroying it while it connects, or waits to reconnect, leaves
 * the attempt running.
 */
export class GuardedSharding extends SimpleShardingStrategy {
  readonly #onFault: (error: unknown) => void;
  readonly #onDeadEnd: () => void;
  readonly #guarded = new Set<ShardInsides>();
  #closing = false;

  constructor(
    manager: ConstructorParameters<typeof SimpleShardingStrategy>[0],
    { onFault, onDeadEnd }: ShardingListener,
  ) {
    super(manager);
    this.#onFault = onFault;
    this.#onDeadEnd = onDeadEnd;
  }

  override async spawn(shardIds: number[]): Promise<void> {
    await super.spawn(shardIds);
    const { shards } = this as unknown as { readonly shards: ReadonlyMap<number, ShardInsides & Record<string, Work>> };
    for (const shard of shards.values()) {
      this.#guarded.add(shard);
      for (const name of STARTED_UNAWAITED) this.#guard(shard, name);
    }
  }

  #guard(shard: Record<string, Work>, name: (typeof STARTED_UNAWAITED)[number]): void {
    const work = shard[name];
    if (work === undefined) return;
    shard[name] = async (...args) => {
      if (this.#closing && RESUMES_WORK.includes(name)) return;
      try {
        await work.apply(shard, args);
      } catch (error) {
        this.#onFault(error);
        if (name === 'internalConnect') this.#onDeadEnd();
      }
    };
  }

  /** From now on nothing starts any more: not even a reconnect that is already due. */
  beginClosing(): void {
    this.#closing = true;
  }

  /** Ends whatever is left of the sockets, also one that is still connecting. */
  abandon(): void {
    this.#closing = true;
    for (const { connection } of this.#guarded) {
      if (connection === null) continue;
      // Ending a socket that is still connecting makes it emit an error, and the library no longer listens.
      connection.onerror = () => {};
      connection.terminate();
    }
    this.#guarded.clear();
  }
}
