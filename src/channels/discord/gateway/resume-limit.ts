import { WebSocketShardDestroyRecovery } from 'discord.js';

/** How long a session may go without being resumed before a new one is begun in its place. */
const RESUME_LIMIT_MS = 20_000;

/** `readyState` of a socket that is still connecting. */
const CONNECTING = 0;

/** A shard, as far as it is looked after here. */
export interface ResumingShard {
  readonly id: number;
  readonly connection: { readonly readyState: number; readonly terminate: () => void } | null;
  readonly strategy: {
    readonly retrieveSessionInfo: (shard: number) => unknown;
    readonly updateSessionInfo: (shard: number, session: null) => unknown;
  };
  readonly on: (event: string, listener: () => void) => unknown;
  readonly destroy: (options: object) => Promise<void>;
}

/**
 * Gives up a session that cannot be resumed: the library tries the same one for ever, where nobody is at its address,
 * where RESUME is refused each time, and where nobody answers it. Returns what ends the watch.
 */
export const limitResume = (shard: ResumingShard, limitMs: number | null): (() => void) => {
  let timer: NodeJS.Timeout | null = null;
  let over = false;

  const giveUp = async (): Promise<void> => {
    timer = null;
    if ((await shard.strategy.retrieveSessionInfo(shard.id)) == null) return;
    await shard.strategy.updateSessionInfo(shard.id, null);
    const { connection } = shard;
    // The library would forget a socket that is still connecting, without ending it; when it ends, it begins anew.
    if (connection?.readyState === CONNECTING) connection.terminate();
    else await shard.destroy({ reason: 'Not resumed in time', recover: WebSocketShardDestroyRecovery.Reconnect });
  };
  const watch = (): void => {
    if (!over) timer ??= setTimeout(() => void giveUp(), limitMs ?? RESUME_LIMIT_MS);
  };
  const rest = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };

  for (const event of ['closed', 'hello']) shard.on(event, watch);
  for (const event of ['ready', 'resumed']) shard.on(event, rest);
  return () => {
    over = true;
    rest();
  };
};
