import { Client, GatewayIntentBits, Options } from 'discord.js';
import { wordsOf } from '../rest/failures.ts';
import { recordingTransport } from '../rest/transport.ts';
import type { GatewayContact } from './connection-loss.ts';
import { GuardedSharding, type ShardingListener } from './guarded-sharding.ts';

/**
 * Guilds brings channels, threads, roles; MessageContent is privileged and what all text depends on. DirectMessages is
 * not privileged, and the only way to learn of a conversation with the bot: no request lists them. Members are left to
 * the contacts, since asking for them would shut out every bot that has not enabled them.
 */
const INTENTS = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.MessageContent,
  GatewayIntentBits.DirectMessages,
];

/** We keep what we need ourselves; what the library keeps must not grow with history or members. */
const NO_CACHE = {
  ApplicationCommandManager: 0,
  ApplicationEmojiManager: 0,
  AutoModerationRuleManager: 0,
  BaseGuildEmojiManager: 0,
  EntitlementManager: 0,
  GuildBanManager: 0,
  GuildEmojiManager: 0,
  GuildForumThreadManager: 0,
  GuildInviteManager: 0,
  GuildMemberManager: 0,
  GuildMessageManager: 0,
  GuildScheduledEventManager: 0,
  GuildSoundboardSoundManager: 0,
  GuildStickerManager: 0,
  GuildTextThreadManager: 0,
  DMMessageManager: 0,
  MessageManager: 0,
  PresenceManager: 0,
  ReactionManager: 0,
  ReactionUserManager: 0,
  StageInstanceManager: 0,
  SubscriptionManager: 0,
  ThreadManager: 0,
  ThreadMemberManager: 0,
  UserManager: 0,
  VoiceStateManager: 0,
};

const REQUEST_TIMEOUT_MS = 15_000;
const WAIT_FOR_GUILDS_MS = 5_000;
const GOODBYE_MS = 2_000;

interface ClientOf extends Pick<ShardingListener, 'onFault' | 'onDeadEnd'> {
  readonly apiUrl: string | null;
  readonly now: () => number;
  readonly requestTimeoutMs: number | null;
  readonly resumeLimitMs: number | null;
}

export interface HostedClient {
  readonly client: Client;
  /** What was heard of the gateway so far. */
  readonly contact: () => GatewayContact;
  /** Ends it and leaves nothing behind: no socket, no timer. Never fails. */
  readonly close: () => Promise<void>;
}

/** discord.js adds the version itself; who has copied an address with one means the same. */
const baseOf = (apiUrl: string): string => apiUrl.replace(/(\/v\d+)?\/*$/, '');

/** The discord.js client as we want it: nothing retried, nothing waited for, nothing cached that we do not need. */
export const hostClient = (of: ClientOf): HostedClient => {
  const { apiUrl, now, requestTimeoutMs, resumeLimitMs, onFault, onDeadEnd } = of;
  let sharding: GuardedSharding | null = null;
  let contact: GatewayContact = { greeted: false, trouble: null };
  const client = new Client({
    intents: INTENTS,
    shards: 'auto',
    makeCache: Options.cacheWithLimits(NO_CACHE),
    waitGuildTimeout: WAIT_FOR_GUILDS_MS,
    rest: {
      ...(apiUrl === null ? {} : { api: baseOf(apiUrl) }),
      retries: 0,
      offset: 0,
      timeout: requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      // The platform's headers decide, and our own limiter stands in front of them.
      globalRequestsPerSecond: Number.POSITIVE_INFINITY,
      rejectOnRateLimit: () => true,
      makeRequest: recordingTransport(now),
    },
    ws: {
      buildStrategy: (manager) => {
        sharding = new GuardedSharding(manager, {
          isStandIn: apiUrl !== null,
          resumeLimitMs,
          onFault,
          onDeadEnd,
          onGreeted: () => {
            contact = { greeted: true, trouble: null };
          },
          onTrouble: (error) => {
            contact = { ...contact, trouble: wordsOf(error) };
          },
        });
        return sharding;
      },
    },
  });
  client.on('error', onFault);

  const close = async (): Promise<void> => {
    sharding?.beginClosing();
    const goodbye = Promise.withResolvers<void>();
    const timer = setTimeout(goodbye.resolve, GOODBYE_MS);
    await Promise.race([client.destroy().catch(onFault), goodbye.promise]);
    clearTimeout(timer);
    sharding?.abandon();
  };
  return { client, contact: () => contact, close };
};
