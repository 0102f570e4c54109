import { randomUUID } from 'node:crypto';
import { GatewayDispatchEvents as Dispatch, Events } from 'discord.js';
import { messageOf } from '../../../domain/errors.ts';
import type { Account } from '../../../domain/instance.ts';
import type { Log } from '../../../domain/log.ts';
import type { ConnectionLost, ConnectionReport } from '../../channel.ts';
import type { GuildAtlas } from '../guilds/guild-atlas.ts';
import { failureOf } from '../rest/failures.ts';
import { rateLimitedBy } from '../rest/rate-limits.ts';
import { recordedIn, type Slot } from '../rest/transport.ts';
import { loginTimedOut, lossOfCloseCode, lossOfLogin, stayedAway } from './connection-loss.ts';
import type { HostedClient } from './discord-client.ts';
import { discordLiveEvents } from './live-events.ts';
import { readPacket, readReady } from './live-packets.ts';

/** How long the library may try before we call the connection lost, and let the restart policy decide. */
const LOGIN_LIMIT_MS = 60_000;
const RECONNECT_LIMIT_MS = 5 * 60_000;

export interface SessionOf {
  readonly hosted: HostedClient;
  readonly atlas: GuildAtlas;
  readonly token: string;
  readonly log: Log;
  readonly now: () => number;
  readonly report: (report: ConnectionReport) => void;
  readonly loginLimitMs: number | null;
}

export interface Session {
  readonly start: () => void;
  /** `opening` until the platform first knew us; `over` once it is lost or closed. */
  readonly phase: () => 'opening' | 'open' | 'interrupted' | 'over';
  /** Of the bot's application; null when READY did not tell. */
  readonly applicationFlags: () => number | null;
  readonly lose: (loss: ConnectionLost) => void;
  readonly close: () => Promise<void>;
}

/**
 * The life of one connection: `opening` → `open` ⇄ `interrupted`, and from anywhere to `over`, which is told exactly
 * once. The continuity is renewed by every READY and whenever live messages may have passed us by; a session that
 * Discord resumes replays what was missed, and keeps it.
 */
export const discordSession = ({ hosted, atlas, token, log, now, report, loginLimitMs }: SessionOf): Session => {
  const { client } = hosted;
  const readyShards = new Set<number>();
  let phase: ReturnType<Session['phase']> = 'opening';
  let account: Account = { externalId: '', name: null };
  let applicationFlags: number | null = null;
  let continuity: string = randomUUID();
  let deadline: NodeJS.Timeout | null = null;
  let closing: Promise<void> | null = null;

  /** From READY until all its guilds were told; a session that is resumed does not begin again. */
  let isBeginning = true;

  const onLive = discordLiveEvents({ atlas, continuity: () => continuity, isBeginning: () => isBeginning });

  const bound = (limitMs: number, loss: () => ConnectionLost): void => {
    if (deadline !== null) clearTimeout(deadline);
    deadline = setTimeout(() => lose(loss()), limitMs);
  };
  const unbound = (): void => {
    if (deadline !== null) clearTimeout(deadline);
    deadline = null;
  };
  const end = (): Promise<void> => {
    phase = 'over';
    unbound();
    closing ??= hosted.close();
    return closing;
  };
  const lose = (loss: ConnectionLost): void => {
    if (phase === 'over') return;
    void end();
    report(loss);
  };
  const tellOpen = (): void => report({ type: 'connectionOpened', account, continuity });

  const onShardUp = (shard: number): void => {
    readyShards.add(shard);
    if (phase === 'over' || phase === 'open' || readyShards.size < client.ws.shards.size) return;
    phase = 'open';
    isBeginning = false;
    unbound();
    tellOpen();
  };
  const onShardDown = (shard: number): void => {
    readyShards.delete(shard);
    if (phase !== 'open') return;
    phase = 'interrupted';
    bound(RECONNECT_LIMIT_MS, stayedAway);
    report({ type: 'connectionInterrupted', message: 'The gateway connection broke off; it is being restored.' });
  };

  const onReady = (data: unknown): void => {
    const ready = readReady(data);
    if (ready === null) return;
    isBeginning = true;
    account = { externalId: ready.user.id, name: ready.user.username ?? null };
    atlas.botId = ready.user.id;
    applicationFlags = ready.application?.flags ?? null;
    continuity = `${ready.session_id ?? 'session'}.${randomUUID()}`;
  };

  const onPacket = (packet: unknown): void => {
    const read = readPacket(packet);
    if (phase === 'over' || read === null || read.t === null) return;
    if (read.t === Dispatch.Ready) onReady(read.d);
    const outcome = onLive(read.t, read.d);
    for (const one of outcome.reports) report(one);
    if (!outcome.missed) return;
    continuity = randomUUID();
    if (phase === 'open') tellOpen();
  };

  const guarded =
    <Args extends readonly unknown[]>(listener: (...args: Args) => void) =>
    (...args: Args): void => {
      try {
        listener(...args);
      } catch (error) {
        log.error({ error: messageOf(error, 'unknown') }, 'A gateway event could not be handled.');
      }
    };

  const login = async (): Promise<void> => {
    const slot: Slot = { exchange: null };
    try {
      // The library strips a leading "Bot" of a token, also one that belongs to it: so it gets one to strip.
      await recordedIn(slot, () => client.login(`Bot ${token}`));
    } catch (error) {
      lose(
        lossOfLogin(
          failureOf(slot.exchange, error, (headers, body) => rateLimitedBy(headers, body, now())),
          error,
        ),
      );
    }
  };

  const start = (): void => {
    client.on(Events.Raw, guarded(onPacket));
    client.on(Events.ShardReady, guarded(onShardUp));
    client.on(Events.ShardResume, guarded(onShardUp));
    client.on(Events.ShardReconnecting, guarded(onShardDown));
    client.on(
      Events.ShardDisconnect,
      guarded(({ code }: { readonly code: number }) => {
        const loss = lossOfCloseCode(code);
        if (loss !== null) lose(loss);
      }),
    );
    client.on(Events.ShardError, (error) =>
      log.debug({ error: error.message }, 'The gateway connection had an error.'),
    );
    bound(loginLimitMs ?? LOGIN_LIMIT_MS, () => loginTimedOut(hosted.contact()));
    void login();
  };

  return { start, phase: () => phase, applicationFlags: () => applicationFlags, lose, close: end };
};
