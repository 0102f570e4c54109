import { inflateSync } from 'node:zlib';
import { downloadEncryptedContent, getMediaKeys, proto, toNumber } from '@whiskeysockets/baileys';
import { afterEach, describe, expect, it } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import { readHistory } from './read-history.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from './whatsapp-simulator.ts';

const { HistorySyncType } = proto.HistorySync;
const DAY_MS = 86_400_000;

let simulator: WhatsAppSimulator;
let client: BaileysClient;

prepareBaileys();

const start = async (options: SimulatorOptions = {}, syncFullHistory = false): Promise<void> => {
  simulator = await startWhatsAppSimulator({ seed: 7, ...options });
  client = new BaileysClient(simulator, { syncFullHistory });
};

afterEach(async () => {
  await client.end();
  await simulator.close();
});

/** Everything that is pushed until the last piece of this type, opened. */
const pushed = async (last: proto.HistorySync.HistorySyncType): Promise<readonly proto.HistorySync[]> => {
  await client.until(() =>
    client.notifications.some(({ syncType, progress }) => Number(syncType) === Number(last) && progress === 100)
      ? true
      : undefined,
  );
  return Promise.all(client.notifications.map((notification) => readHistory(simulator, notification)));
};

/** Ids of the messages in it, without those that no sync is about. */
const idsOf = (pieces: readonly proto.HistorySync[]): readonly string[] =>
  pieces
    .flatMap(({ conversations }) => conversations)
    .filter(({ id }) => !id?.endsWith('@newsletter'))
    .flatMap(({ messages }) => (messages ?? []).map(({ message }) => message?.key?.id ?? ''));

const trueIds = (since: number): readonly string[] =>
  [...simulator.groundTruth({ since }), ...simulator.deleted()]
    .filter(({ timestamp, chat }) => timestamp >= since && chat !== 'Emil')
    .map(({ messageId }) => messageId);

const receiptsOf = (type: string): readonly string[] =>
  simulator.log.receipts.filter((receipt) => receipt.type === type).map(({ id }) => id);

describe('pushed history', () => {
  it('comes as files that Baileys opens, too', async () => {
    await start();
    await client.pair();
    const { directPath, mediaKey } = await client.until(() => client.notifications.find((each) => each.directPath));
    const keys = await getMediaKeys(mediaKey, 'md-msg-hist');
    const stream = await downloadEncryptedContent(`${simulator.mediaUrl}${directPath}`, keys);
    const history = proto.HistorySync.decode(inflateSync(Buffer.concat(await stream.toArray())));
    expect(history.syncType).toBe(HistorySyncType.PUSH_NAME);
  });

  it('comes inline as far as it fits, decrypted and taken in by Baileys itself', async () => {
    await start();
    await client.pair();
    const set = await client.heard((events) => events['messaging-history.set']);
    expect(set.syncType).toBe(HistorySyncType.INITIAL_BOOTSTRAP);
    expect(set.chats.length).toBeGreaterThan(10);
    expect(set.messages.length).toBeGreaterThan(50);
    expect(simulator.log.violations).toEqual([]);
  });

  it('reaches three months back in portions with their progress, some messages twice', async () => {
    await start({ push: { chunkMessages: 50 } });
    await client.pair();
    const pieces = await pushed(HistorySyncType.RECENT);
    const ids = idsOf(pieces);
    const since = Math.ceil((Date.now() - 90 * DAY_MS) / 1000 + 60) * 1000;
    expect(trueIds(since).filter((id) => !ids.includes(id))).toEqual([]);
    expect(ids.length).toBeGreaterThan(new Set(ids).size);
    const recent = pieces.filter(({ syncType }) => syncType === HistorySyncType.RECENT);
    expect(recent.length).toBeGreaterThan(3);
    expect(recent.map(({ chunkOrder }) => chunkOrder)).toEqual(recent.map((_, at) => at + 1));
    expect(recent.at(-1)?.progress).toBe(100);
    expect(pieces.some(({ syncType }) => syncType === HistorySyncType.FULL)).toBe(false);
  });

  it('reaches a year back for a companion that asked for it, and says where a chat ends', async () => {
    await start({}, true);
    await client.pair();
    const pieces = await pushed(HistorySyncType.FULL);
    const since = Math.ceil((Date.now() - 365 * DAY_MS) / 1000 + 60) * 1000;
    const ids = new Set(idsOf(pieces));
    expect(trueIds(since).filter((id) => !ids.has(id))).toEqual([]);
    const ends = pieces.flatMap(({ conversations }) =>
      conversations.map(({ endOfHistoryTransferType }) => endOfHistoryTransferType),
    );
    expect(new Set(ends)).toEqual(new Set([0, 1]));
  });

  it('tells names, status updates and LIDs apart from messages', async () => {
    await start();
    await client.pair();
    const pieces = await pushed(HistorySyncType.RECENT);
    const names = pieces.find(({ syncType }) => syncType === HistorySyncType.PUSH_NAME)?.pushnames ?? [];
    expect(names.map(({ pushname }) => pushname)).toContain('Ada');
    expect(names.map(({ pushname }) => pushname)).not.toContain('Dora');
    const statuses = pieces.find(({ syncType }) => syncType === HistorySyncType.INITIAL_STATUS_V3);
    expect(statuses?.statusV3Messages).toHaveLength(5);
    const { people } = simulator.account().world;
    const mapped = pieces[0]?.phoneNumberToLidMappings.map(({ lidJid }) => lidJid);
    expect(mapped).toContain(people.get('Ada')?.lid);
    expect(mapped).not.toContain(people.get('Cleo')?.lid);
  });

  it('knows the same messages as the phone, by time, author, text and reactions', async () => {
    await start();
    await client.pair();
    const pieces = await pushed(HistorySyncType.RECENT);
    const truth = new Map([...simulator.groundTruth()].map((message) => [message.messageId, message]));
    let compared = 0;
    for (const conversation of pieces.flatMap(({ conversations }) => conversations)) {
      for (const { message } of conversation.messages ?? []) {
        const known = truth.get(message?.key?.id ?? '');
        if (known === undefined) continue;
        compared += 1;
        expect(known.aliases).toContain(conversation.id);
        expect(toNumber(message?.messageTimestamp) * 1000).toBe(known.timestamp);
        expect(message?.key?.fromMe).toBe(known.isFromMe);
        if (message?.key?.participant) expect(known.senderAliases).toContain(message.key.participant);
        expect(message?.reactions?.length ?? 0).toBe(known.reactions.length);
      }
    }
    expect(compared).toBeGreaterThan(200);
  });

  it('comes twice if the phone is told to do so', async () => {
    await start();
    simulator.faults.add({ kind: 'twice' }, { times: 2 });
    await client.pair();
    await pushed(HistorySyncType.RECENT);
    await simulator.idle();
    const of = (type: proto.HistorySync.HistorySyncType) =>
      client.notifications.filter(({ syncType }) => Number(syncType) === Number(type)).length;
    expect([of(HistorySyncType.INITIAL_BOOTSTRAP), of(HistorySyncType.PUSH_NAME)]).toEqual([2, 2]);
    expect(of(HistorySyncType.NON_BLOCKING_DATA)).toBe(1);
  });

  it('is pushed once, and each piece is confirmed', async () => {
    await start();
    await client.pair();
    await pushed(HistorySyncType.RECENT);
    await simulator.idle();
    const count = client.notifications.length;
    await expect.poll(() => receiptsOf('hist_sync').length).toBe(count);
    expect(receiptsOf('peer_msg')).toHaveLength(count + 1);
    expect(simulator.account().linked[0]?.waiting).toEqual([]);
    await client.reconnect();
    await simulator.idle();
    expect(client.notifications).toHaveLength(count);
    expect(simulator.log.violations).toEqual([]);
  });
});
