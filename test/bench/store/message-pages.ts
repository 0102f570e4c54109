import type { MessagePage } from '../../../src/channels/channel.ts';
import { readPage } from '../../../src/channels/discord/history/message-page.ts';
import type { Anchor } from '../../../src/domain/anchor.ts';
import { messageJson } from '../../simulators/discord/world/message.ts';
import { World } from '../../simulators/discord/world/world.ts';

/** One conversation as the platform would send it, newest first: the text of each page's JSON. */
export interface ConversationPages {
  readonly externalId: string;
  readonly name: string;
  readonly newest: Anchor | null;
  readonly texts: readonly string[];
}

const PAGE_SIZE = 100;

/** What the Discord channel makes of a page, anew with each call: a step meets pages that nobody has touched before. */
export const pageOf = ({ externalId, texts }: ConversationPages, index: number): MessagePage => {
  const entries = JSON.parse(texts[index] ?? '[]') as readonly unknown[];
  const { messages, newest, oldest, malformed } = readPage(entries, { channelId: externalId, bound: null, botId: '' });
  return {
    messages,
    newest,
    oldest,
    malformed,
    atStart: index + 1 >= texts.length,
    requestedAt: Date.now(),
    quota: null,
  };
};

/** Conversations of a simulated world: so rows look, and weigh, as they do in a sync. */
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
    const entries = log.before(null, log.size).map((message) => messageJson(message, id, guild.id, reader));
    const texts = Array.from(
      { length: Math.ceil(entries.length / PAGE_SIZE) },
      (_, index) => `[${entries.slice(index * PAGE_SIZE, (index + 1) * PAGE_SIZE).join()}]`,
    );
    const conversation = { externalId: id, name, newest: null, texts };
    return [{ ...conversation, newest: pageOf(conversation, 0).newest }];
  });
};
