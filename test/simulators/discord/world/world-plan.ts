import type { PermissionName } from '../permissions.ts';

/** What a simulated Discord holds, said once. All instants are ms since the epoch. */
export interface WorldPlan {
  readonly guilds: readonly GuildPlan[];
  /** The first is the default bot. Without it there is one, a member of every guild, with every privileged intent. */
  readonly bots?: readonly BotPlan[];
}

export interface BotPlan {
  readonly name: string;
  /** Names of guilds; without it, all. */
  readonly guilds?: readonly string[];
  /** Privileged intents enabled for the application; without it, all three. */
  readonly privileged?: readonly PrivilegedIntent[];
}

export type PrivilegedIntent = 'GuildMembers' | 'GuildPresences' | 'MessageContent';

export interface GuildPlan {
  readonly name: string;
  readonly description?: string;
  /** Members besides the bots: made when asked for, so 100,000 cost nothing. */
  readonly members?: number;
  /** What @everyone may do; without it: view, read history, connect and send. */
  readonly everyone?: readonly PermissionName[];
  /** What the bots' role may do on top of it; without it: manage threads. */
  readonly botRole?: readonly PermissionName[];
  readonly channels: readonly ChannelPlan[];
}

/** 0 text, 2 voice, 4 category, 5 announcement, 13 stage, 15 forum, 16 media. */
export type GuildChannelType = 0 | 2 | 4 | 5 | 13 | 15 | 16;
/** 10 announcement thread, 11 public, 12 private. */
export type ThreadType = 10 | 11 | 12;

export interface ChannelPlan extends HistoryPlan {
  readonly name: string;
  readonly type?: GuildChannelType;
  readonly topic?: string;
  /** The name of its category, which must come before it. */
  readonly category?: string;
  /** What @everyone and the bots are denied here. */
  readonly deny?: readonly PermissionName[];
  readonly threads?: readonly ThreadPlan[];
}

export interface ThreadPlan extends HistoryPlan {
  readonly name: string;
  readonly private?: boolean;
  /** Null or absent: it is active. */
  readonly archivedAt?: number | null;
  /** Whether the bots are members of it; matters for private threads. */
  readonly joined?: boolean;
}

/** `messages` spread between `from` (inclusive) and `to` (exclusive), at least 1 ms apart on average. */
export interface HistoryPlan {
  readonly messages?: number;
  readonly from?: number;
  readonly to?: number;
  /** When the channel was made; without it, `from`. */
  readonly createdAt?: number;
}
