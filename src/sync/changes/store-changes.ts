import type { MessageChanges } from '../../channels/channel.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { SyncTransaction } from '../store.ts';
import type { RecentChanges } from './recent-changes.ts';
import type { WaitingChanges } from './waiting-changes.ts';

/** What a step knows when it stores what became of messages. */
export interface ChangeStoring {
  readonly tx: SyncTransaction;
  readonly instanceId: InstanceId;
  readonly changes: RecentChanges;
  /** Null: history is never older than a change that is told live (`ChannelTraits.datesEdits`). */
  readonly waiting: WaitingChanges | null;
  readonly at: number;
}

interface Told extends MessageChanges {
  readonly told: 'live' | 'history';
  /** What is not held is not waited for. */
  readonly onlyHeld?: boolean;
}

/**
 * Brings edits and deletions to the messages that are held; what meets none waits for it, where history may bring it
 * as it was. What happens live may also overtake a page that was asked for before it.
 */
export const storeChanges = async (
  { tx, instanceId, changes, waiting, at }: ChangeStoring,
  conversationExternalId: string,
  { edited, deleted, told, onlyHeld = false }: Told,
): Promise<void> => {
  if (edited.length === 0 && deleted.length === 0) return;
  if (told === 'live') {
    for (const message of edited) changes.remember(message.externalId, message, at);
    for (const externalId of deleted) changes.remember(externalId, null, at);
  }
  const conversation = await tx.conversation(instanceId, conversationExternalId);
  const held = new Set<string>();
  if (conversation !== null) {
    if (edited.length > 0) for (const id of await tx.applyEdits(conversation.id, edited, told)) held.add(id);
    if (deleted.length > 0) for (const id of await tx.markDeleted(conversation.id, deleted, at)) held.add(id);
  }
  if (waiting === null || onlyHeld) return;
  await waiting.keep({ tx, instanceId, at }, conversationExternalId, {
    edited: edited.filter(({ externalId }) => !held.has(externalId)),
    deleted: deleted.filter((externalId) => !held.has(externalId)),
  });
};
