import { canReadHistory } from './world/access.ts';
import type { Bot } from './world/bot.ts';
import { contentVisible } from './world/message.ts';
import type { World } from './world/world.ts';

/** A message that a complete sync must hold. */
export interface TrueMessage {
  readonly channelId: string;
  readonly messageId: string;
  /** ms */
  readonly timestamp: number;
  /** As the bot may read it: empty where the message content intent hides it. */
  readonly content: string;
  /** ms */
  readonly editedTimestamp: number | null;
}

export interface DeletedMessage {
  readonly channelId: string;
  readonly messageId: string;
  /** ms */
  readonly deletedAt: number;
}

/** Every message that the bot can read now, channel by channel, oldest first; made as it is asked for. */
export function* groundTruth(world: World, bot: Bot): Generator<TrueMessage> {
  const reader = { userId: bot.id, readsContent: bot.readsContent };
  for (const channel of world.channels()) {
    if (channel.log === null || !canReadHistory(bot, channel)) continue;
    for (const message of channel.log.oldestFirst()) {
      yield {
        channelId: channel.id,
        messageId: String(message.id),
        timestamp: message.timestamp,
        content: contentVisible(message, reader) ? message.content : '',
        editedTimestamp: message.editedAt,
      };
    }
  }
}

/** Every message that was there once and was deleted, in channels that still exist. */
export function* deletedMessages(world: World): Generator<DeletedMessage> {
  for (const channel of world.channels()) {
    for (const { id, deletedAt } of channel.log?.deleted() ?? []) {
      yield { channelId: channel.id, messageId: String(id), deletedAt };
    }
  }
}
