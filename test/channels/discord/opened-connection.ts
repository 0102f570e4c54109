import { Effect, Exit, Scope } from 'effect';
import type { Connection, ConnectionReport, DirectoryPage, MessagePage } from '../../../src/channels/channel.ts';
import { type DiscordChannelOptions, discordChannel } from '../../../src/channels/discord/discord-channel.ts';
import type { PlatformFailure } from '../../../src/channels/platform-failure.ts';
import type { Anchor } from '../../../src/domain/anchor.ts';
import type { ListedConversation } from '../../../src/domain/conversation.ts';
import { InstanceId } from '../../../src/domain/ids.ts';
import type { Message } from '../../../src/domain/message.ts';
import { memoryVault } from '../../harness/memory-vault.ts';

type ReportOf<Type extends ConnectionReport['type']> = Extract<ConnectionReport, { type: Type }>;

/** A connection of the real channel, held open until `close`, with everything that it reported. */
export interface OpenedConnection extends Connection {
  readonly reports: readonly ConnectionReport[];
  /** The n-th report of a type (from 1), as soon as it has come. */
  readonly reported: <Type extends ConnectionReport['type']>(type: Type, nth?: number) => Promise<ReportOf<Type>>;
  readonly close: () => Promise<void>;
}

export interface Opening extends DiscordChannelOptions {
  readonly token: string;
}

export const openConnection = async ({ token, ...options }: Opening): Promise<OpenedConnection> => {
  const reports: ConnectionReport[] = [];
  const listeners = new Set<() => void>();
  const report = (one: ConnectionReport): void => {
    reports.push(one);
    for (const listener of listeners) listener();
  };
  const scope = Scope.makeUnsafe();
  const instanceId = InstanceId.make('3f1e7c1a-0c7e-4d5e-9c39-6f1b9a2d4e11');
  const opening = discordChannel(options).open({
    instanceId,
    credentials: { token },
    vault: memoryVault(),
    report,
  });
  const connection = await Effect.runPromise(Scope.provide(opening, scope));

  return {
    ...connection,
    reports,
    reported: (type, nth = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = reports.filter((one): one is ReportOf<typeof type> => one.type === type)[nth - 1];
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  };
};

/** What a request that must fail failed with. */
export const failureOf = <A>(effect: Effect.Effect<A, PlatformFailure>): Promise<PlatformFailure> =>
  Effect.runPromise(Effect.flip(effect));

export interface Listed {
  readonly conversations: ReadonlyMap<string, ListedConversation>;
  readonly bookmarks: ReadonlyMap<string, string>;
  readonly problems: DirectoryPage['problems'];
  readonly requests: number;
}

/** A whole listing, its cursors stored and read back as JSON on the way. */
export const listing = async (
  { directory }: Connection,
  bookmarks: ReadonlyMap<string, string> = new Map(),
  only: string | null = null,
): Promise<Listed> => {
  const conversations = new Map<string, ListedConversation>();
  const remembered = new Map(bookmarks);
  const problems: DirectoryPage['problems'][number][] = [];
  let cursor: unknown = null;
  let requests = 0;
  do {
    const page = await Effect.runPromise(directory.read({ cursor, bookmarks, only }));
    for (const conversation of page.conversations) conversations.set(conversation.externalId, conversation);
    for (const [id, text] of page.bookmarks) remembered.set(id, text);
    problems.push(...page.problems);
    cursor = JSON.parse(JSON.stringify(page.nextCursor));
    requests += 1;
  } while (cursor !== null);
  return { conversations, bookmarks: remembered, problems, requests };
};

/** The whole history of a conversation, newest first. */
export const historyOf = async (
  { history }: Connection,
  externalId: string,
  limit = history.pageSize,
): Promise<readonly Message[]> => {
  const messages: Message[] = [];
  let before: Anchor | null = null;
  let atStart = false;
  while (!atStart) {
    const page: MessagePage = await Effect.runPromise(history.read({ externalId, before, limit }));
    messages.push(...page.messages);
    before = page.oldest ?? before;
    atStart = page.atStart;
  }
  return messages;
};
