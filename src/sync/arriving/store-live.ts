import type { ConnectionReport, LiveMessage } from '../../channels/channel.ts';
import type { ListedConversation } from '../../domain/conversation.ts';
import { ExternalId } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { Absorbed } from '../../runtime/work.ts';
import { storeChanges } from '../changes/store-changes.ts';
import { sameSpans } from '../reading/spans.ts';
import { learnAliases, resolver } from './aliases.ts';
import type { ArrivalStoring } from './arrival-storing.ts';
import { extendLiveEdge } from './live-edge.ts';
import { storeLivePeople } from './store-live-people.ts';

/** What the supervisor does not decide about. */
export type LiveReport = Exclude<
  ConnectionReport,
  { type: 'connectionOpened' | 'connectionInterrupted' | 'connectionLost' | 'pairingOffered' }
>;

type MessageReport = Extract<
  LiveReport,
  {
    type:
      | 'messagesArrived'
      | 'messagesEdited'
      | 'messagesDeleted'
      | 'messageMissed'
      | 'conversationsChanged'
      | 'conversationsRemoved';
  }
>;

/** Stores what came unasked; says what the jobs must know of it. */
export const storeLive = async (storing: ArrivalStoring, report: LiveReport): Promise<Absorbed> => {
  switch (report.type) {
    case 'aliasesLearned':
      return { mail: await learnAliases(storing, report.aliases), stored: 0 };
    case 'contactsArrived':
    case 'groupsChanged':
    case 'groupsAmended':
    case 'membersJoined':
    case 'membersLeft':
    case 'groupsLeft':
      await storeLivePeople(storing, report);
      return { mail: [], stored: 0 };
    default:
      return { mail: [], stored: await storeMessages(storing, await resolved(storing, report)) };
  }
};

/** The same report, with conversations and senders by the ids that count. */
const resolved = async (storing: ArrivalStoring, report: MessageReport): Promise<MessageReport> => {
  if (!storing.hasAliases) return report;
  switch (report.type) {
    case 'messagesArrived':
    case 'messagesEdited':
      return { ...report, messages: await resolveLive(storing, report.messages) };
    case 'messagesDeleted':
    case 'messageMissed': {
      const resolve = await resolver(storing, [report.conversationExternalId]);
      return { ...report, conversationExternalId: resolve(report.conversationExternalId) };
    }
    case 'conversationsChanged': {
      const resolve = await resolver(
        storing,
        report.conversations.map(({ externalId }) => externalId),
      );
      return { ...report, conversations: report.conversations.map((one) => named(one, resolve)) };
    }
    case 'conversationsRemoved':
      return report;
  }
};

const named = (conversation: ListedConversation, resolve: (externalId: string) => string): ListedConversation => ({
  ...conversation,
  externalId: ExternalId.make(resolve(conversation.externalId)),
});

const resolveLive = async (
  storing: ArrivalStoring,
  messages: readonly LiveMessage[],
): Promise<readonly LiveMessage[]> => {
  const ids = messages.flatMap(({ conversation, message }) => [conversation.externalId, message.senderId ?? []].flat());
  const resolve = await resolver(storing, ids);
  return messages.map(({ conversation, message }) => ({
    conversation: named(conversation, resolve),
    message: message.senderId === null ? message : { ...message, senderId: resolve(message.senderId) },
  }));
};

/** Returns how many messages were stored for the first time. */
const storeMessages = async (storing: ArrivalStoring, report: MessageReport): Promise<number> => {
  if (report.type === 'messagesArrived') return storeArrived(storing, report.messages, report.continuity);
  await storeTold(storing, report);
  return 0;
};

const storeTold = async (
  storing: ArrivalStoring,
  report: Exclude<MessageReport, { type: 'messagesArrived' }>,
): Promise<void> => {
  const { tx, instanceId, at } = storing;
  switch (report.type) {
    case 'messagesEdited':
      return storeEdited(storing, report.messages);
    case 'messagesDeleted':
      return storeChanges(storing, report.conversationExternalId, {
        edited: [],
        deleted: report.externalIds,
        told: 'live',
        onlyHeld: report.onlyHeld === true,
      });
    case 'messageMissed':
      return endLiveEdge(storing, report);
    case 'conversationsChanged':
      await tx.upsertConversations(instanceId, report.conversations, at);
      return;
    case 'conversationsRemoved':
      return tx.removeConversations(instanceId, report.externalIds, at);
  }
};

const byConversation = (messages: readonly LiveMessage[]): ReadonlyMap<string, readonly LiveMessage[]> =>
  Map.groupBy(messages, ({ conversation }) => conversation.externalId);

/**
 * Whether a platform knows a place in the conversation by it: not by a reaction, which belongs to its message, nor by
 * what could not be read and may turn out to be no message.
 */
const isPlace = ({ type }: Message): boolean => type !== 'reaction' && type !== 'unknown';

const storeArrived = async (
  storing: ArrivalStoring,
  messages: readonly LiveMessage[],
  continuity: string,
): Promise<number> => {
  let stored = 0;
  const { tx, instanceId, at } = storing;
  const groups = byConversation(messages);
  const listed = [...groups.values()].map((group) => (group.at(-1) as LiveMessage).conversation);
  await tx.upsertConversations(instanceId, listed, at);
  for (const [externalId, group] of groups) {
    const conversation = await tx.conversation(instanceId, externalId);
    if (conversation === null) continue;
    const arrived = group.map(({ message }) => message);
    stored += (await tx.upsertMessages(instanceId, conversation.id, 'live', arrived, at)).stored;
    await storing.waiting?.meet(storing, conversation, null);
    const spans = await tx.spans(conversation.id);
    const next = arrived
      .filter(isPlace)
      .reduce(
        (held, { timestamp, externalId }) => extendLiveEdge(held, { at: timestamp, id: externalId }, continuity),
        spans,
      );
    if (!sameSpans(spans, next)) await tx.replaceSpans(conversation.id, next);
  }
  return stored;
};

/** What comes next begins a span of its own: the gap below it shows what was missed, and a job reads it. */
const endLiveEdge = async (
  { tx, instanceId }: ArrivalStoring,
  { conversationExternalId, externalId }: Extract<MessageReport, { type: 'messageMissed' }>,
): Promise<void> => {
  const conversation = await tx.conversation(instanceId, conversationExternalId);
  if (conversation === null || (await tx.isRead(conversation.id, externalId))) return;
  const spans = await tx.spans(conversation.id);
  if (spans.every(({ continuity }) => continuity === null)) return;
  await tx.replaceSpans(
    conversation.id,
    spans.map((span) => ({ ...span, continuity: null })),
  );
};

const storeEdited = async (storing: ArrivalStoring, messages: readonly LiveMessage[]): Promise<void> => {
  for (const [externalId, group] of byConversation(messages)) {
    const edited = group.map(({ message }) => message);
    await storeChanges(storing, externalId, { edited, deleted: [], told: 'live' });
  }
};
