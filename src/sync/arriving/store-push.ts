import { NO_COUNTS, type PageCounts, plus } from '../../../machines/page-counts.ts';
import type { PushedHistory, PushedSpan } from '../../channels/channel.ts';
import { type ConversationId, ExternalId } from '../../domain/ids.ts';
import { keptOf } from '../../domain/message.ts';
import type { PushReport } from '../../runtime/report.ts';
import type { Absorbed, Mail } from '../../runtime/work.ts';
import { storeChanges } from '../changes/store-changes.ts';
import { addSpan, sameSpans } from '../reading/spans.ts';
import { learnAliases, resolveMessages, resolver } from './aliases.ts';
import type { ArrivalStoring } from './arrival-storing.ts';
import { isPassing } from './work-off.ts';

/** What a push brought, and its end, in one transaction: nothing is stored twice, and nothing is left out. */
export const storePush = async (storing: ArrivalStoring, report: PushReport): Promise<Absorbed> => {
  const { tx, at } = storing;
  if (report.type === 'pushRead') {
    const merged = await learnAliases(storing, report.history.aliases);
    const counts = await storeHistory(storing, report.history);
    await storePushedChanges(storing, report.history);
    await tx.finishPush(report.pushId);
    // A change that was kept is nothing that a job need not ask for any more.
    const told: readonly Mail[] = report.history.isLive ? [] : [{ to: 'jobs', event: { type: 'pushStored', counts } }];
    return { mail: [...merged, ...told], stored: counts.stored };
  }
  const { failure, pushId } = report;
  if (isPassing(failure)) {
    await tx.postponePush(pushId, failure.message);
    return { mail: [], stored: 0 };
  }
  const isAside = await tx.failPush(pushId, failure.message, at);
  const error = { conversationId: null, externalId: null, reason: 'push_unreadable', message: failure.message };
  return { mail: isAside ? [{ to: 'jobs', event: { type: 'pushLost', error } }] : [], stored: 0 };
};

const storePushedChanges = async (storing: ArrivalStoring, { changes, isLive }: PushedHistory): Promise<void> => {
  const resolve = await resolver(
    storing,
    changes.map(({ conversationExternalId }) => conversationExternalId),
  );
  for (const { conversationExternalId, edited, deleted } of changes) {
    const told = isLive ? 'live' : 'history';
    await storeChanges(storing, resolve(conversationExternalId), { edited, deleted, told });
  }
};

const storeHistory = async (storing: ArrivalStoring, history: PushedHistory): Promise<PageCounts> => {
  const { tx, instanceId, channel, at } = storing;
  if (history.contacts.length > 0) await tx.storeContacts(instanceId, channel, history.contacts, at);
  const resolve = await resolver(
    storing,
    history.spans.map(({ conversation }) => conversation.externalId),
  );
  const pushed = history.spans.map(({ conversation, ...span }) => ({
    ...span,
    conversation: { ...conversation, externalId: ExternalId.make(resolve(conversation.externalId)) },
  }));
  await tx.upsertConversations(
    instanceId,
    pushed.map(({ conversation }) => conversation),
    at,
  );
  const groups = Map.groupBy(pushed, ({ conversation }) => conversation.externalId);
  // Conversations side by side, the spans of one after another: each changes what the next has to know.
  const counts = await Promise.all(
    [...groups].map(async ([externalId, group]) => {
      let stored = NO_COUNTS;
      for (const span of group) stored = plus(stored, await storeSpan(storing, externalId, span));
      return stored;
    }),
  );
  return counts.reduce(plus, NO_COUNTS);
};

/**
 * An answer that came too late: there is nothing older than what was asked with, and so nothing below the oldest span.
 */
const reachStart = async ({ tx, at }: ArrivalStoring, conversationId: ConversationId): Promise<void> => {
  const spans = await tx.spans(conversationId);
  const oldest = spans.at(-1);
  if (oldest === undefined) return;
  if (!oldest.reachesStart)
    await tx.replaceSpans(conversationId, [...spans.slice(0, -1), { ...oldest, reachesStart: true }]);
  await tx.setStopReason(conversationId, 'start_of_history', at);
};

const storeSpan = async (storing: ArrivalStoring, externalId: string, pushed: PushedSpan): Promise<PageCounts> => {
  const { tx, instanceId, changes, at } = storing;
  const conversation = await tx.conversation(instanceId, externalId);
  if (conversation === null) return NO_COUNTS;
  const messages = changes.applyTo(await resolveMessages(storing, pushed.messages), null);
  const kept = pushed.malformed.flatMap((entry) => keptOf(entry) ?? []);
  const stored = await tx.upsertMessages(instanceId, conversation.id, 'push', messages, at);
  if (kept.length > 0) await tx.upsertMessages(instanceId, conversation.id, 'push', kept, at);
  await storing.waiting?.meet(storing, conversation, null);
  const [newest] = pushed.messages;
  const oldest = pushed.messages.at(-1);
  if (newest !== undefined && oldest !== undefined) {
    const spans = await tx.spans(conversation.id);
    const next = addSpan(spans, {
      newest: { at: newest.timestamp, id: newest.externalId },
      oldest: { at: oldest.timestamp, id: oldest.externalId },
      reachesStart: pushed.atStart,
      continuity: null,
    });
    if (!sameSpans(spans, next)) await tx.replaceSpans(conversation.id, next);
    if (pushed.atStart) await tx.setStopReason(conversation.id, 'start_of_history', at);
  } else if (pushed.atStart && pushed.malformed.length === 0) {
    await reachStart(storing, conversation.id);
  }
  const malformed = pushed.malformed.length;
  return { ...stored, fetched: messages.length + malformed, malformed };
};
