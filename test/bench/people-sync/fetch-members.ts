import process from 'node:process';
import { createInterface } from 'node:readline';
import { Deferred, Effect } from 'effect';
import type { Connection, PeoplePage } from '../../../src/channels/channel.ts';
import { discordChannel } from '../../../src/channels/discord/discord-channel.ts';
import { InstanceId } from '../../../src/domain/ids.ts';
import { memoryVault } from '../../harness/memory-vault.ts';

/**
 * A process of its own that surveys contacts through the service's own channel, page by page, and stores nothing.
 * `fetch-members.ts <apiUrl> <token>` says {"ready":true}, and for each line of its input reads the whole list and says
 * {"fetched":{pages,members,tookMs}}.
 */

const [apiUrl = '', token = ''] = process.argv.slice(2);

const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

const readAll = ({ contacts }: Connection) =>
  Effect.gen(function* () {
    const startedAt = performance.now();
    let [pages, members] = [0, 0];
    let cursor: unknown = null;
    do {
      const page: PeoplePage = yield* contacts.read({ cursor, withMembers: true });
      pages += 1;
      members += page.contacts.length;
      cursor = page.nextCursor;
    } while (cursor !== null);
    return { pages, members, tookMs: performance.now() - startedAt };
  });

const serve = Effect.gen(function* () {
  const opened = yield* Deferred.make<void>();
  const connection = yield* discordChannel({ apiUrl }).open({
    instanceId: InstanceId.make('00000000-0000-4000-8000-000000000000'),
    credentials: { token },
    vault: memoryVault(),
    report: ({ type }) => {
      if (type === 'connectionOpened') Deferred.doneUnsafe(opened, Effect.void);
    },
  });
  yield* Deferred.await(opened);
  say({ ready: true });
  const asked = createInterface(process.stdin)[Symbol.asyncIterator]();
  while ((yield* Effect.promise(() => asked.next())).done !== true) say({ fetched: yield* readAll(connection) });
});

await Effect.runPromise(Effect.scoped(serve));
