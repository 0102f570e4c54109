import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Effect } from 'effect';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PushedHistory } from '../../../../src/channels/channel.ts';
import type { Message } from '../../../../src/domain/message.ts';
import { memoryVault } from '../../../harness/memory-vault.ts';
import { prepareBaileys } from '../../../simulators/whatsapp/baileys-in-tests.ts';
import type { TrueMessage } from '../../../simulators/whatsapp/ground-truth.ts';
import { OpenChannel } from '../open-channel.ts';
import { type Rig, rigs } from '../rig.ts';

prepareBaileys();
const start = rigs();

/** Ids by the chat's canonical address, without what was revoked. */
const pushedIds = (read: readonly PushedHistory[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const ids = new Map<string, Set<string>>();
  for (const { conversation, messages } of read.flatMap(({ spans }) => spans)) {
    const known = ids.get(conversation.externalId) ?? new Set<string>();
    for (const { externalId, text, type } of messages) {
      if (text !== 'message deleted' && type !== 'reaction') known.add(externalId);
    }
    ids.set(conversation.externalId, known);
  }
  return ids;
};

const trueIds = (truth: Iterable<TrueMessage>, canonical: (message: TrueMessage) => string) => {
  const ids = new Map<string, Set<string>>();
  for (const message of truth) {
    const known = ids.get(canonical(message)) ?? new Set<string>();
    ids.set(canonical(message), known.add(message.messageId));
  }
  return ids;
};

/** The phone address where anybody may know it. */
const canonicalIn =
  ({ simulator }: Rig) =>
  ({ channelId, aliases }: TrueMessage): string => {
    const known = simulator.contacts().find(({ pn, lid }) => aliases.includes(pn) && aliases.includes(lid));
    return known?.isMappingKnown ? known.pn : channelId;
  };

/** Half of a surrogate pair is three replacement characters to protobuf. */
const readable = (text: string): string => text.toWellFormed().replaceAll(/\ufffd+/g, '\ufffd');

describe('pushed history', () => {
  it('is fetched under the path of the media host, where that has one', async () => {
    const rig = await start();
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      void fetch(`${rig.simulator.mediaUrl}${request.url?.replace('/behind', '')}`)
        .then((answer) => answer.arrayBuffer())
        .then((file) => response.end(Buffer.from(file)));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const channel = await rig.pairWithHistory();
    const base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const behind = OpenChannel.at(
      { socketUrl: rig.simulator.socketUrl, mediaUrl: `${base}/behind/` },
      { vault: memoryVault() },
    );
    onTestFinished(() => behind.close());
    const sizes = (read: readonly PushedHistory[]) =>
      read.map(({ spans }) => spans.map(({ messages }) => messages.length));
    expect(sizes(await rig.readAll(behind))).toEqual(sizes(await rig.readAll(channel)));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((path) => path.startsWith('/behind/'))).toBe(true);
  });

  it('is kept as it comes, all of it, and acknowledged', async () => {
    const rig = await start();
    await rig.pairWithHistory({ credentials: { historyDepth: 'full' } });
    expect(rig.vault.pushed.length).toBeGreaterThan(4);
    const histSyncs = rig.simulator.log.receipts.filter(({ type }) => type === 'hist_sync');
    expect(histSyncs.length).toBe(rig.vault.pushed.length);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('holds every message that the phone has of the time that was asked for', async () => {
    const rig = await start({ push: { fullDays: 500, chunkMessages: 40 } });
    const channel = await rig.pairWithHistory({ credentials: { historyDepth: 'full' } });
    const read = await rig.readAll(channel);
    expect(pushedIds(read)).toEqual(trueIds(rig.simulator.groundTruth(), canonicalIn(rig)));
    expect(read.flatMap(({ problems }) => problems)).toEqual([]);
    expect(read.flatMap(({ spans }) => spans.flatMap(({ malformed }) => malformed))).toEqual([]);
  });

  it('tells author, time, kind and words of each message as the phone has them', async () => {
    const rig = await start({ push: { fullDays: 500 } });
    const channel = await rig.pairWithHistory({ credentials: { historyDepth: 'full' } });
    const read = await rig.readAll(channel);
    const messages = new Map<string, Message>(
      read.flatMap(({ spans }) => spans.flatMap((span) => span.messages)).map((one) => [one.externalId, one]),
    );
    for (const truth of rig.simulator.groundTruth()) {
      const message = messages.get(truth.messageId);
      expect(message).toMatchObject({ timestamp: truth.timestamp, isFromMe: truth.isFromMe, type: truth.type });
      for (const { messageId, emoji, timestamp } of truth.reactions) {
        const reaction = messages.get(messageId);
        expect(reaction).toMatchObject({ type: 'reaction', text: emoji, payload: { reactsTo: truth.messageId } });
        expect(reaction?.timestamp).toBeLessThanOrEqual(timestamp);
      }
      if (truth.type === 'system') continue;
      expect(truth.senderAliases).toContain(message?.senderId);
      if (truth.content !== '') expect(readable(message?.text ?? '')).toBe(readable(truth.content));
    }
  });

  it('tells contacts with the names that were saved and pushed, and who is who', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const read = await rig.readAll(channel);
    const contacts = read.flatMap((history) => history.contacts);
    const [ada, ben, cleo] = rig.simulator.contacts();
    const of = (id: string | undefined) => contacts.filter(({ externalId }) => externalId === id);
    expect(of(ada?.pn).map(({ names }) => names.saved)).toContain('Ada Lovelace');
    expect(of(ben?.pn).map(({ names }) => names.pushed)).toContain('benny');
    expect(of(ben?.pn).every(({ phone }) => phone === '+491571000002')).toBe(true);
    expect(of(cleo?.lid).length).toBeGreaterThan(0);
    expect(of(cleo?.pn)).toEqual([]);
    expect(contacts.every(({ externalId }) => !externalId.endsWith('@g.us'))).toBe(true);
    const aliases = read.flatMap((history) => history.aliases).map(({ alias }) => alias);
    expect(aliases).toContain(ben?.lid);
    expect(aliases).not.toContain(cleo?.lid);
  });

  it('says itself what was deleted, which no report does', async () => {
    const rig = await start();
    const truth = [...rig.simulator.groundTruth({ chat: 'Ben' })].at(-1);
    await rig.simulator.edit({ edit: 'revoke', chat: 'Ben', messageId: truth?.messageId ?? '', silent: true });
    const channel = await rig.pairWithHistory();
    const changes = (await rig.readAll(channel)).flatMap((history) => history.changes);
    expect(changes.flatMap(({ deleted }) => deleted)).toContain(truth?.messageId);
    expect(channel.of('messagesDeleted')).toEqual([]);
  });

  it('says that a chat is told from its start only where the phone says so', async () => {
    const rig = await start({ push: { fullDays: 500, chunkMessages: 40 } });
    const channel = await rig.pairWithHistory({ credentials: { historyDepth: 'full' } });
    const read = await rig.readAll(channel);
    const first = new Map<string, TrueMessage>();
    for (const truth of rig.simulator.groundTruth()) if (!first.has(truth.channelId)) first.set(truth.channelId, truth);
    const started = read.flatMap(({ spans }) => spans).filter(({ atStart }) => atStart);
    expect(started.length).toBeGreaterThanOrEqual(first.size);
    const unstarted = read.flatMap(({ spans }) => spans).filter(({ atStart }) => !atStart);
    expect(unstarted.length).toBeGreaterThan(0);
  });

  it('fails as unreachable while the media host is broken, and for good when the file is gone or not what was announced', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const file = rig.vault.pushed.at(-1);
    if (file === undefined) throw new Error('Nothing was pushed.');
    const failing = async (how: 404 | 500 | 'cut' | 'corrupt') => {
      rig.simulator.faults.add({ kind: 'blob', how }, { times: 1 });
      const read = channel.connection.pushed?.read(file) ?? Effect.die('WhatsApp pushes.');
      return (await Effect.runPromise(Effect.flip(read)))._tag;
    };
    expect(await failing(500)).toBe('Unreachable');
    expect(await failing(404)).toBe('BadAnswer');
    expect(await failing('corrupt')).toBe('BadAnswer');
    expect(['Unreachable', 'BadAnswer']).toContain(await failing('cut'));
    expect((await rig.readAll(channel)).length).toBe(rig.vault.pushed.length);
  });

  it('holds no key, no path to a file and no thumbnail in what is stored of a message', async () => {
    const rig = await start({ push: { fullDays: 500 } });
    const channel = await rig.pairWithHistory({ credentials: { historyDepth: 'full' } });
    const json = JSON.stringify(await rig.readAll(channel));
    expect(json).not.toMatch(/mediaKey|directPath|messageSecret|mmg\.whatsapp|thumbnail/i);
    expect(json).toMatch(/"mimeType":"image\/jpeg"/);
  });
});
