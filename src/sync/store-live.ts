import type { ConnectionReport, LiveMessage } from '../channels/channel.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { RecentChanges } from './recent-changes.ts';
import { addStretch, sameSpans } from './spans.ts';
import type { StoredConversation, SyncTransaction } from './store.ts';

/** What a step knows when it stores what the connection brought unasked. */
export interface LiveStoring {
  readonly tx: SyncTransaction;
  readonly instanceId: InstanceId;
  readonly changes: RecentChanges;
  readonly at: number;
}

export type LiveReport = Extract<
  ConnectionReport,
  { type: 'messagesArrived' | 'messagesEdited' | 'messagesDeleted' | 'conversationsChanged' | 'conversationsRemoved' }
>;

export const storeLive = async (storing: LiveStoring, report: LiveReport): Promise<void> => {
  const { tx, instanceId, at } = storing;
  switch (report.type) {
    case 'messagesArrived':
      return storeArrived(storing, report.messages, report.continuity);
    case 'messagesEdited':
      return storeEdited(storing, report.messages);
    case 'messagesDeleted':
      return storeDeleted(storing, report.conversationExternalId, report.externalIds);
    case 'conversationsChanged':
      await tx.upsertConversations(instanceId, report.conversations, at);
      return;
    case 'conversationsRemoved':
      return tx.removeConversations(instanceId, report.externalIds, at);
  }
};

const byConversation = (messages: readonly LiveMessage[]): ReadonlyMap<string, readonly LiveMessage[]> =>
  Map.groupBy(messages, ({ conversation }) => conversation.externalId);

const storeArrived = async (
  storing: LiveStoring,
  messages: readonly LiveMessage[],
  continuity: string,
): Promise<void> => {
  const { tx, instanceId, at } = storing;
  const groups = byConversation(messages);
  const listed = [...groups.values()].map((group) => (group.at(-1) as LiveMessage).conversation);
  await tx.upsertConversations(instanceId, listed, at);
  for (const [externalId, group] of groups) {
    const conversation = await tx.conversation(instanceId, externalId);
    if (conversation === null) continue;
    const arrived = group.map(({ message }) => message);
    await tx.upsertMessages(instanceId, conversation.id, 'live', arrived, at);
    await extendLiveEdge(tx, conversation, arrived, continuity);
  }
};

/** Only an unbroken connection proves that nothing was missed between the last message and this one. */
const extendLiveEdge = async (
  tx: SyncTransaction,
  conversation: StoredConversation,
  arrived: readonly Message[],
  continuity: string,
): Promise<void> => {
  const spans = await tx.spans(conversation.id);
  const next = arrived.reduce((held, { timestamp, externalId }) => {
    const place = { at: timestamp, id: externalId };
    return addStretch(held, { newest: place, oldest: place, reachesStart: false, continuity });
  }, spans);
  if (!sameSpans(spans, next)) await tx.replaceSpans(conversation.id, next);
};

const storeEdited = async (
  { tx, instanceId, changes, at }: LiveStoring,
  messages: readonly LiveMessage[],
): Promise<void> => {
  for (const [externalId, group] of byConversation(messages)) {
    for (const { message } of group) changes.remember(message.externalId, message, at);
    const conversation = await tx.conversation(instanceId, externalId);
    if (conversation !== null)
      await tx.applyEdits(
        conversation.id,
        group.map(({ message }) => message),
        at,
      );
  }
};

const storeDeleted = async (
  { tx, instanceId, changes, at }: LiveStoring,
  conversationExternalId: string,
  externalIds: readonly string[],
): Promise<void> => {
  for (const externalId of externalIds) changes.remember(externalId, null, at);
  const conversation = await tx.conversation(instanceId, conversationExternalId);
  if (conversation !== null) await tx.markDeleted(conversation.id, externalIds, at);
};
