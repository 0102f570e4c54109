import { Effect, Fiber } from 'effect';
import { describe, expect, it } from 'vitest';
import type { MessagePage } from '../../../../src/channels/channel.ts';
import type { PlatformFailure } from '../../../../src/channels/platform-failure.ts';
import { prepareBaileys } from '../../../simulators/whatsapp/baileys-in-tests.ts';
import type { WorldPlan } from '../../../simulators/whatsapp/world/world-plan.ts';
import type { OpenChannel } from '../open-channel.ts';
import { heldOf, isPlace, newestOf, type Rig, readPage, rigs, smallWorld } from '../rig.ts';

prepareBaileys();
const start = rigs();

/** The phone knows Ada by number and LID, and keeps it to itself. */
const withLateAda = ({ accounts }: WorldPlan): WorldPlan => ({
  accounts: accounts.map((account) => ({
    ...account,
    people: (account.people ?? []).map((person) =>
      person.name === 'Ada' ? { ...person, mapping: 'late' as const } : person,
    ),
  })),
});

const isPage = (answer: MessagePage | PlatformFailure): answer is MessagePage => 'messages' in answer;

const page = async (
  channel: OpenChannel,
  externalId: string,
  from: Parameters<typeof readPage>[2],
): Promise<MessagePage> => {
  const answer = await readPage(channel, externalId, from);
  if (!isPage(answer)) throw new Error(answer.message);
  return answer;
};

/** Reads a chat down to its start. */
const readDown = async (rig: Rig, channel: OpenChannel, chat: string) => {
  const { externalId, from: top } = newestOf(rig, chat);
  const ids = new Set([top.externalId]);
  let pages = 0;
  for (let from = top; ; ) {
    const { messages, atStart } = await page(channel, externalId, from);
    pages += 1;
    for (const { externalId: id, text, type } of messages)
      if (text !== 'message deleted' && type !== 'reaction') ids.add(id);
    if (atStart) return { ids, pages };
    const oldest = messages.findLast(isPlace);
    if (oldest === undefined) throw new Error('No message to go on from.');
    from = heldOf(oldest);
  }
};

const NO_BURST = { onDemand: { burst: null } } as const;

describe('history on demand', () => {
  it.each(['Ada', 'Ben', 'Sailing'])('reads %s down to its start, 50 at a time', async (chat) => {
    const rig = await start(NO_BURST);
    const channel = await rig.pairWithHistory();
    const { ids, pages } = await readDown(rig, channel, chat);
    const truth = [...rig.simulator.groundTruth({ chat })];
    const { externalId, from } = newestOf(rig, chat);
    const below = truth.slice(0, truth.findIndex(({ messageId }) => messageId === from.externalId) + 1);
    expect(ids).toEqual(new Set(below.map(({ messageId }) => messageId)));
    const held = rig.simulator.account().world.chatAt(externalId)?.messages.length ?? 0;
    expect(pages).toBeLessThanOrEqual(Math.ceil(held / 50) + 1);
    expect(rig.simulator.log.violations).toEqual([]);
    expect(rig.simulator.log.mostInFlight.get('491700000001')).toBe(1);
  });

  it('says in the page itself what was deleted, and nowhere else', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { externalId, from } = newestOf(rig, 'Ada');
    const target = [...rig.simulator.groundTruth({ chat: 'Ada' })].at(-5)?.messageId ?? '';
    await rig.simulator.edit({ edit: 'revoke', chat: 'Ada', messageId: target, silent: true });
    const { changes } = await page(channel, externalId, from);
    expect(changes?.deleted).toContain(target);
    expect(channel.of('messagesDeleted')).toEqual([]);
  });

  it('hands the answer to whoever waits for it, and does not keep it', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const kept = rig.vault.pushed.length;
    const { externalId, from } = newestOf(rig, 'Ada');
    const read = await page(channel, externalId, from);
    expect(read.messages.filter(({ type }) => type !== 'reaction').length).toBe(50);
    expect(read.newest?.at).toBeLessThanOrEqual(from.at);
    expect(read.oldest?.id).toBe(read.messages.at(-1)?.externalId);
    await rig.settled();
    expect(rig.vault.pushed.length).toBe(kept);
  });

  it('tells silence from the end, and keeps an answer that comes too late', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory({ answerTimeoutMs: 50 });
    const { externalId, from } = newestOf(rig, 'Ada');
    rig.simulator.faults.add({ kind: 'silentPhone' }, { chat: 'Ada', times: 1 });
    expect(await readPage(channel, externalId, from)).toMatchObject({ _tag: 'Silent' });
  });

  it('keeps an answer of which nobody knows any more what it answers', async () => {
    const rig = await start();
    const first = await rig.pairWithHistory();
    const kept = rig.vault.pushed.length;
    const { externalId, from } = newestOf(rig, 'Ada');
    const walk = Effect.runFork(first.connection.history.read({ externalId, before: null, limit: 50, from }));
    // Told while the phone takes the request in, before it answers.
    const stop = rig.simulator.log.watch(() => {
      if (rig.simulator.log.historyRequests.length > 0) Effect.runFork(Fiber.interrupt(walk));
    });
    await rig.until(() => (rig.simulator.log.historyRequests[0]?.outcome === 'answered' ? true : undefined));
    await rig.settled();
    stop();
    expect(rig.vault.pushed.length).toBe(kept + 1);
    const [late] = await rig.readAll(first).then((read) => read.slice(-1));
    expect(late?.spans[0]?.messages.filter(({ type }) => type !== 'reaction').length).toBe(50);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('takes nothing for the end that is not: nothing, the same again, half of it', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { externalId, from } = newestOf(rig, 'Ada');
    const first = await page(channel, externalId, from);
    const next = heldOf(first.messages.findLast(isPlace) ?? expect.fail('no place'));
    rig.simulator.faults.add({ kind: 'emptyAnswer' }, { chat: 'Ada', times: 1 });
    expect(await readPage(channel, externalId, next)).toMatchObject({ _tag: 'BadAnswer' });
    rig.simulator.faults.add({ kind: 'repeatPage' }, { chat: 'Ada', times: 1 });
    expect(await readPage(channel, externalId, next)).toMatchObject({ _tag: 'BadAnswer' });
    rig.simulator.faults.add({ kind: 'halfAnswer', messages: 3 }, { chat: 'Ada', times: 1 });
    expect(await readPage(channel, externalId, next)).toMatchObject({ atStart: false });
  });

  it('takes an answer that names no request for that of the one request that waits', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const kept = rig.vault.pushed.length;
    const { externalId, from } = newestOf(rig, 'Ada');
    rig.simulator.faults.add({ kind: 'anonymousAnswer' });
    expect((await page(channel, externalId, from)).messages.length).toBeGreaterThan(40);
    expect(rig.vault.pushed.length).toBe(kept);
  });

  it('sends a request again that the phone could not read', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { externalId, from } = newestOf(rig, 'Ada');
    rig.simulator.faults.add({ kind: 'deafPhone' });
    expect((await page(channel, externalId, from)).messages.length).toBeGreaterThan(40);
    expect(rig.simulator.log.historyRequests.length).toBe(1);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('takes the one chat of an answer for that which was asked for, under whichever of its addresses it comes', async () => {
    const rig = await start({ world: (now) => withLateAda(smallWorld(now)) });
    const channel = await rig.pairWithHistory();
    const ada = rig.simulator.contacts().find(({ name }) => name === 'Ada');
    const { from } = newestOf(rig, 'Ada');
    rig.simulator.faults.add({ kind: 'unmappedAnswer' });
    const read = await page(channel, ada?.pn ?? '', from);
    expect(read.messages.length).toBeGreaterThan(40);
    const senders = new Set(read.messages.flatMap(({ senderId }) => senderId ?? []));
    expect(senders).toEqual(new Set([ada?.pn, rig.simulator.account().world.owner.pn]));
  });

  it('asks under the other address after a silence, where both are known', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory({ answerTimeoutMs: 300 });
    await rig.readAll(channel);
    const ben = rig.simulator.contacts().find(({ name }) => name === 'Ben');
    const { from } = newestOf(rig, 'Ben');
    rig.simulator.faults.add({ kind: 'silentPhone' }, { times: 3 });
    for (let time = 0; time < 4; time++) await readPage(channel, ben?.pn ?? '', from);
    const { lid, pn } = ben ?? expect.fail('no Ben');
    expect(rig.simulator.log.historyRequests.map(({ chatJid }) => chatJid)).toEqual([lid, pn, lid, pn]);
  });

  it('asks under the LID when messages come under it', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const ada = rig.simulator.contacts().find(({ name }) => name === 'Ada');
    const { from } = newestOf(rig, 'Ada');
    const content = { type: 'text', text: 'from afar' } as const;
    await rig.simulator.edit({ edit: 'message', chat: 'Ada', from: 'Ada', content, address: 'lid' });
    await channel.told('messagesArrived');
    await rig.settled();
    await page(channel, ada?.pn ?? '', from);
    expect(rig.simulator.log.historyRequests.map(({ chatJid }) => chatJid)).toEqual([ada?.lid]);
  });

  it('asks for nothing without a message to go on from', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { externalId } = newestOf(rig, 'Ada');
    expect(await readPage(channel, externalId, undefined)).toMatchObject({ _tag: 'NoAnchor' });
    expect(rig.simulator.log.historyRequests).toEqual([]);
  });

  it('reads a chat under the phone address although the phone knows it by its LID', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { from } = newestOf(rig, 'Ben');
    const ben = rig.simulator.contacts().find(({ name }) => name === 'Ben');
    await rig.readAll(channel);
    const read = await page(channel, ben?.pn ?? '', from);
    // Once the phone was heard to call it so.
    expect(rig.simulator.log.historyRequests.map(({ chatJid }) => chatJid)).toEqual([ben?.lid]);
    expect(read.messages.length).toBeGreaterThan(30);
    expect(read.atStart).toBe(true);
  });
});
