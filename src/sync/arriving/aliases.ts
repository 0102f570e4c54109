import type { LearnedAlias } from '../../domain/contact.ts';
import type { Message } from '../../domain/message.ts';
import type { Mail } from '../../runtime/work.ts';
import { addSpan } from '../reading/spans.ts';
import type { ArrivalStoring } from './arrival-storing.ts';
import { BROUGHT_AT_ONCE } from './leftovers.ts';

/**
 * One account may come under two ids, and that they belong together may be learned late. From then on everything goes
 * by the one that counts, and what came under the other is brought over.
 */

/** Remembers aliases, and makes one of what was two: contacts, persons, conversations with their messages and spans. */
export const learnAliases = async (
  storing: ArrivalStoring,
  aliases: readonly LearnedAlias[],
): Promise<readonly Mail[]> => {
  if (aliases.length === 0) return [];
  const { tx, instanceId, channel, at } = storing;
  await tx.learnAliases(instanceId, channel, aliases, at);
  // A channel tells all that it knows with each opening: only a few of them are conversations still.
  const named = new Set(
    await tx.conversationsNamed(
      instanceId,
      aliases.map(({ alias }) => alias),
    ),
  );
  const mail: Mail[] = [];
  for (const { alias, externalId } of aliases) {
    const merged = named.has(alias) ? await mergeConversations(storing, alias, externalId) : null;
    if (merged !== null) mail.push({ to: 'jobs', event: { type: 'conversationMerged', ...merged } });
    await storing.waiting?.move(storing, alias, externalId);
  }
  await bringOver(storing);
  return mail;
};

/**
 * A bounded part of what was learned: nothing new comes under an alias any more, so that the rest can follow step by
 * step. Until then it is told as it was stored.
 */
export const bringOver = async ({
  tx,
  instanceId,
  leftovers,
}: Pick<ArrivalStoring, 'tx' | 'instanceId' | 'leftovers'>): Promise<void> => {
  if (await tx.bringOver(instanceId, BROUGHT_AT_ONCE)) leftovers.ring();
};

const mergeConversations = async ({ tx, instanceId }: ArrivalStoring, alias: string, externalId: string) => {
  const gone = await tx.conversation(instanceId, alias);
  if (gone === null) return null;
  const spans = await tx.spans(gone.id);
  const merged = await tx.mergeConversations(instanceId, alias, externalId);
  if (merged === null) return null;
  const kept = await tx.spans(merged.kept);
  await tx.replaceSpans(merged.kept, spans.reduce(addSpan, kept));
  return merged;
};

/** Turns ids into those that count; without a query where no id of the channel can be an alias. */
export const resolver = async (
  { tx, instanceId, hasAliases }: ArrivalStoring,
  externalIds: readonly string[],
): Promise<(externalId: string) => string> => {
  const asked = hasAliases ? [...new Set(externalIds)] : [];
  if (asked.length === 0) return (externalId) => externalId;
  const known = await tx.resolveAliases(instanceId, asked);
  return (externalId) => known.get(externalId) ?? externalId;
};

/** Messages whose senders go by the ids that count. */
export const resolveMessages = async (
  storing: ArrivalStoring,
  messages: readonly Message[],
): Promise<readonly Message[]> => {
  const senders = messages.flatMap(({ senderId }) => senderId ?? []);
  const resolve = await resolver(storing, senders);
  return messages.map((message) =>
    message.senderId === null ? message : { ...message, senderId: resolve(message.senderId) },
  );
};
