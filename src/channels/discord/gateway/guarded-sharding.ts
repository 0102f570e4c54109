import { SimpleShardingStrategy } from 'discord.js';
import { packetMender } from './gateway-packets.ts';
import { limitResume, type ResumingShard } from './resume-limit.ts';

/**
 * What of a shard is looked after here. The library declares some of it private, and starts it without waiting for it.
 */
interface ShardInsides extends ResumingShard {
  connection: { onerror: unknown; readonly readyState: number; terminate: () => void } | null;
  readonly strategy: ResumingShard['strategy'] & {
    readonly options: { readonly gatewayInformation: { readonly url: string } };
  };
  unpackMessage: (...args: unknown[]) => Promise<unknown>;
  onError: (error: unknown) => void;
}
type Work = (...args: unknown[]) => Promise<void>;

const STARTED_UNAWAITED = ['internalConnect', 'onMessage', 'onClose', 'heartbeat', 'destroy'] as const;
const RESUMES_WORK: readonly string[] = ['internalConnect', 'onMessage', 'onClose', 'heartbeat'];

export interface ShardingListener {
  /** Told of what the library could not make sense of; the connection goes on. */
  readonly onFault: (error: unknown) => void;
  /** Told when a connection could not even be tried, after which the library tries no more. */
  readonly onDeadEnd: () => void;
  /** Told when the gateway has said HELLO. */
  readonly onGreeted: () => void;
  /** Told of what went wrong with a socket; the library tries again by itself. */
  readonly onTrouble: (error: unknown) => void;
}

interface GuardedOf extends ShardingListener {
  /** True when the gateway is not Discord's own. */
  readonly isStandIn: boolean;
  /** ms; null: as long as is usual. */
  readonly resumeLimitMs: number | null;
}

/**
 * discord.js' own way of running shards, made safe to host. Four things of `@discordjs/ws` 1.2 would otherwise hurt a
 * long-lived service: it starts asynchronous work that nobody awaits, so that an odd packet or address becomes an
 * unhandled rejection, which ends the process; destroying it while it connects, or waits to reconnect, leaves
 * the attempt running; it takes for granted what a packet has in it; and it tries to resume a session for ever.
 */
export class GuardedSharding extends SimpleShardingStrategy {
  readonly #of: GuardedOf;
  readonly #guarded = new Set<ShardInsides>();
  readonly #watches: (() => void)[] = [];
  #closing = false;

  constructor(manager: ConstructorParameters<typeof SimpleShardingStrategy>[0], of: GuardedOf) {
    super(manager);
    this.#of = of;
  }

  override async spawn(shardIds: number[]): Promise<void> {
    await super.spawn(shardIds);
    const { shards } = this as unknown as { readonly shards: ReadonlyMap<number, ShardInsides> };
    for (const shard of shards.values()) {
      this.#guarded.add(shard);
      this.#listen(shard);
      for (const name of STARTED_UNAWAITED) this.#guard(shard as unknown as Record<string, Work>, name);
      this.#watches.push(limitResume(shard, this.#of.resumeLimitMs));
    }
  }

  #listen(shard: ShardInsides): void {
    const { isStandIn, onGreeted, onTrouble } = this.#of;
    const { unpackMessage, onError } = shard;
    const mend = packetMender({ gatewayUrl: shard.strategy.options.gatewayInformation.url, isStandIn });
    shard.on('hello', onGreeted);
    shard.onError = (error) => {
      onTrouble(error);
      onError.call(shard, error);
    };
    shard.unpackMessage = async (...args) => {
      const packet = await unpackMessage.apply(shard, args);
      mend(packet);
      return packet;
    };
  }

  #guard(shard: Record<string, Work>, name: (typeof STARTED_UNAWAITED)[number]): void {
    const work = shard[name];
    if (work === undefined) return;
    shard[name] = async (...args) => {
      if (this.#closing && RESUMES_WORK.includes(name)) return;
      try {
        await work.apply(shard, args);
      } catch (error) {
        this.#of.onFault(error);
        if (name === 'internalConnect') this.#of.onDeadEnd();
      }
    };
  }

  /** From now on nothing starts any more: not even a reconnect that is already due. */
  beginClosing(): void {
    this.#closing = true;
    for (const rest of this.#watches) rest();
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
