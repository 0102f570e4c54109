import process from 'node:process';
import { createInterface } from 'node:readline';
import { Deferred, Effect } from 'effect';
import type { Connection, MessagePage } from '../../../src/channels/channel.ts';
import { discordChannel } from '../../../src/channels/discord/discord-channel.ts';
import type { Anchor } from '../../../src/domain/anchor.ts';
import { InstanceId } from '../../../src/domain/ids.ts';
import { memoryVault } from '../../harness/memory-vault.ts';

/**
 * A process of its own that reads conversations through the service's own channel, page by page, and stores nothing.
 * `fetch-pages.ts <apiUrl> <token>` says {"ready":true}, reads the id of a conversation from each line of its input,
 * and says {"fetched":{pages,messages,tookMs}} when it has read it.
 */

const [apiUrl = '', token = ''] = process.argv.slice(2);

const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

const readAll = ({ history }: Connection, externalId: string) =>
  Effect.gen(function* () {
    const startedAt = performance.now();
    let [pages, messages] = [0, 0];
    let before: Anchor | null = null;
    for (;;) {
      const page: MessagePage = yield* history.read({ externalId, before, limit: history.pageSize });
      pages += 1;
      messages += page.messages.length;
      if (page.atStart) return { pages, messages, tookMs: performance.now() - startedAt };
      before = page.oldest;
    }
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
  for (;;) {
    const line = yield* Effect.promise(() => asked.next());
    if (line.done === true) return;
    say({ fetched: yield* readAll(connection, line.value) });
  }
});

await Effect.runPromise(Effect.scoped(serve));
