import process from 'node:process';
import { Deferred, Effect } from 'effect';
import type { Connection, MessagePage } from '../../../src/channels/channel.ts';
import { discordChannel } from '../../../src/channels/discord/discord-channel.ts';
import type { Anchor } from '../../../src/domain/anchor.ts';
import type { ListedConversation } from '../../../src/domain/conversation.ts';
import { InstanceId } from '../../../src/domain/ids.ts';

/**
 * A process of its own that reads every readable conversation through the service's own channel, one after another,
 * page by page, and stores nothing. `fetch-pages.ts <apiUrl> <token> <warm-up channel>` prints one line of JSON.
 */

const [apiUrl = '', token = '', warmUpChannel = ''] = process.argv.slice(2);

const listed = (connection: Connection) =>
  Effect.gen(function* () {
    const conversations: ListedConversation[] = [];
    let cursor: unknown = null;
    do {
      const page = yield* connection.directory.read({ cursor, bookmarks: new Map(), only: null });
      conversations.push(...page.conversations);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return conversations.filter(({ holdsMessages, unreadable }) => holdsMessages && unreadable === null);
  });

const readAll = ({ history }: Connection, { externalId, newest }: ListedConversation) =>
  Effect.gen(function* () {
    const read = { pages: 0, messages: 0 };
    if (newest === null) return read;
    let before: Anchor | null = null;
    for (;;) {
      const page: MessagePage = yield* history.read({ externalId, before, limit: history.pageSize });
      read.pages += 1;
      read.messages += page.messages.length;
      if (page.atStart) return read;
      before = page.oldest;
    }
  });

const cpuMsSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

const fetchAll = Effect.gen(function* () {
  const opened = yield* Deferred.make<void>();
  const connection = yield* discordChannel({ apiUrl }).open({
    instanceId: InstanceId.make('00000000-0000-4000-8000-000000000000'),
    credentials: { token },
    report: ({ type }) => {
      if (type === 'connectionOpened') Deferred.doneUnsafe(opened, Effect.void);
    },
  });
  yield* Deferred.await(opened);
  const conversations = yield* listed(connection);
  const isWarmUp = ({ externalId }: ListedConversation) => externalId === warmUpChannel;
  for (const conversation of conversations.filter(isWarmUp)) yield* readAll(connection, conversation);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  let [pages, messages] = [0, 0];
  for (const conversation of conversations) {
    if (isWarmUp(conversation)) continue;
    const read = yield* readAll(connection, conversation);
    pages += read.pages;
    messages += read.messages;
  }
  return { pages, messages, tookMs: performance.now() - startedAt, cpuMs: cpuMsSince(cpuBefore) };
});

const fetched = await Effect.runPromise(Effect.scoped(fetchAll));
process.stdout.write(`${JSON.stringify({ fetched })}\n`);
