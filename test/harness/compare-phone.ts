import type { TrueMessage } from '../simulators/whatsapp/ground-truth.ts';
import type { ApiClient, EventShown } from './api-client.ts';
import type { Comparison } from './compare.ts';

/** Everything that the phone has, as a simulator in another process says. */
export async function* phoneTruthOf(mediaUrl: string): AsyncGenerator<TrueMessage> {
  const response = await fetch(`${mediaUrl}/_sim/ground-truth`);
  for (const line of (await response.text()).split('\n')) if (line !== '') yield JSON.parse(line) as TrueMessage;
}

/** External ids of conversations by our own. */
export const conversationsOf = async (api: ApiClient, instanceId: string): Promise<ReadonlyMap<string, string>> => {
  const rows = await Array.fromAsync(
    api.list<{ id: string; externalId: string }>(`/instances/${instanceId}/conversations`),
  );
  return new Map(rows.map(({ id, externalId }) => [id, externalId]));
};

/**
 * Compares what is stored of an instance with what its phone has (from `since`, ms, on), message by message: a line
 * for each chat.
 */
export const compareWithPhone = async (
  api: ApiClient,
  instanceId: string,
  truth: Iterable<TrueMessage> | AsyncIterable<TrueMessage>,
  since = 0,
): Promise<Comparison> => {
  const conversations = await conversationsOf(api, instanceId);
  const expected = new Map<string, TrueMessage>();
  for await (const message of truth) expected.set(message.messageId, message);
  const seen = new Set<string>();
  const [surplus, doubled]: [string[], string[]] = [[], []];
  const different: Different[] = [];
  let stored = 0;
  for await (const event of api.events(instanceId)) {
    const { externalId } = event;
    if (event.type === 'reaction') continue;
    if (seen.has(externalId)) doubled.push(externalId);
    seen.add(externalId);
    const message = expected.get(externalId);
    if (message === undefined) {
      if (event.deletedAt === null && Date.parse(event.timestamp) >= since) surplus.push(externalId);
      continue;
    }
    stored++;
    const isSame =
      Date.parse(event.timestamp) === message.timestamp &&
      message.aliases.includes(conversations.get(event.conversationId) ?? '') &&
      hasWritten(message, event) &&
      (WORDLESS.has(message.type) || cleaned(event.text ?? '') === cleaned(message.content));
    if (!isSame) different.push({ message, held: event });
  }
  const missing = [...expected.values()].filter(({ messageId }) => !seen.has(messageId));
  const { size } = expected;
  return { expected: size, stored, missing: byChat(missing), surplus, doubled, different: byChatHeld(different) };
};

/** Of a stub of the system nobody is the author. */
const hasWritten = (message: TrueMessage, { isFromMe, senderId }: EventShown): boolean =>
  message.type === 'system' ||
  (isFromMe === message.isFromMe && (isFromMe || (senderId !== null && message.senderAliases.includes(senderId))));

/** A line for each chat: readable, however many messages differ. */
const byChat = (messages: readonly TrueMessage[]): readonly string[] =>
  [...Map.groupBy(messages, ({ chat }) => chat)].map(
    ([chat, group]) => `${chat}: ${group.length}, such as ${group[0]?.messageId} (${group[0]?.type})`,
  );

interface Different {
  readonly message: TrueMessage;
  readonly held: EventShown;
}

const byChatHeld = (different: readonly Different[]): readonly string[] =>
  [...Map.groupBy(different, ({ message: { chat } }) => chat)].map(([chat, group]) => {
    const [first] = group;
    const held =
      first === undefined ? '' : `${first.held.type} ${JSON.stringify(first.held.text?.slice(0, 40) ?? null)}`;
    const shown = JSON.stringify(first?.message.content.slice(0, 40));
    return `${chat}: ${group.length}, such as ${first?.message.messageId} (${first?.message.type} ${shown}, held as ${held})`;
  });

/** Of these the phone knows no words that a person wrote. */
const WORDLESS: ReadonlySet<string> = new Set(['contact', 'location', 'system']);

/** Text as a database can hold it: without NUL, and with what is no character replaced. */
const cleaned = (text: string): string =>
  text
    .replaceAll('\0', '')
    .toWellFormed()
    .replaceAll(/\ufffd+/g, '\ufffd');
