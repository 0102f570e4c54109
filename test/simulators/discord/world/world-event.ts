import type { Bot } from './bot.ts';
import type { Channel, Guild } from './guild.ts';
import type { SimMessage } from './message.ts';
import type { User } from './people.ts';

/** What happened in the world while somebody may have listened. */
export type WorldEvent =
  | { readonly type: 'messageCreated'; readonly channel: Channel; readonly message: SimMessage }
  | { readonly type: 'messageUpdated'; readonly channel: Channel; readonly message: SimMessage }
  | {
      readonly type: 'messagesDeleted';
      readonly channel: Channel;
      readonly ids: readonly string[];
      readonly bulk: boolean;
    }
  | { readonly type: 'channelCreated'; readonly channel: Channel }
  /** `seenBefore`: the bots that could view it before the change. */
  | { readonly type: 'channelUpdated'; readonly channel: Channel; readonly seenBefore: ReadonlySet<Bot> }
  /** `seenBefore`: the bots that could view it; it is gone from the guild. */
  | { readonly type: 'channelDeleted'; readonly channel: Channel; readonly seenBefore: ReadonlySet<Bot> }
  | { readonly type: 'guildCreated' | 'guildUpdated' | 'guildDeleted' | 'guildWentDown'; readonly guild: Guild }
  | {
      readonly type: 'memberAdded' | 'memberUpdated' | 'memberRemoved';
      readonly guild: Guild;
      readonly user: User;
    };

/** Tells whoever listens, unless it happens silently. */
export type Tell = (event: WorldEvent, silent: boolean | undefined) => void;
