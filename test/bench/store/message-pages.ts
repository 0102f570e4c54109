import type { MessagePage } from '../../../src/channels/channel.ts';
import { readPage } from '../../../src/channels/discord/message-page.ts';
import { messageJson } from '../../simulators/discord/world/message.ts';
import { World } from '../../simulators/discord/world/world.ts';

/** The pages of one conversation, newest first, as the Discord channel hands them over. */
export interface ConversationPages {
  readonly externalId: string;
  readonly name: string;
  readonly pages: readonly MessagePage[];
}

const PAGE_SIZE = 100;

/** What the Discord channel would read from a simulated world: so rows look, and weigh, as they do in a sync. */
export const messagePages = (messages: number, conversations: number): readonly ConversationPages[] => {
  const now = Date.now();
  const channels = Array.from({ length: conversations }, (_, index) => ({
    name: `room-${index + 1}`,
    messages: Math.ceil(messages / conversations),
  }));
  const world = new World({ guilds: [{ name: 'Bench', channels }] }, 1, () => now);
  const reader = { userId: '', readsContent: true };
  return [...world.channels()].flatMap(({ id, name, guild, log }) => {
    if (log === null) return [];
    const entries = log
      .before(null, log.size)
      .map((message): unknown => JSON.parse(messageJson(message, id, guild.id, reader)));
    const pages = Array.from({ length: Math.ceil(entries.length / PAGE_SIZE) }, (_, index): MessagePage => {
      const part = entries.slice(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
      const { messages, newest, oldest, malformed } = readPage(part, { channelId: id, bound: null, botId: '' });
      const atStart = (index + 1) * PAGE_SIZE >= entries.length;
      return { messages, newest, oldest, malformed, atStart, requestedAt: now, quota: null };
    });
    return [{ externalId: id, name, pages }];
  });
};
