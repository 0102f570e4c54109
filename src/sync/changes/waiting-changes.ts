import type { MessageChanges } from '../../channels/channel.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { StoredConversation, SyncTransaction } from '../store.ts';

interface Within {
  readonly tx: SyncTransaction;
  readonly instanceId: InstanceId;
  readonly at: number;
}

/**
 * Edits and deletions whose message is not stored yet: it waits in a push, lies further back in its history, or is held
 * under another id of its conversation. They are kept until it comes. Which conversations have any is known here, so
 * that the others cost nothing; one too many is harmless, as after a step that was taken back.
 */
export class WaitingChanges {
  #conversations: Set<string> | null = null;

  async keep({ tx, instanceId, at }: Within, conversationExternalId: string, changes: MessageChanges): Promise<void> {
    if (changes.edited.length === 0 && changes.deleted.length === 0) return;
    (await this.#known(tx, instanceId)).add(conversationExternalId);
    await tx.keepWaiting(instanceId, conversationExternalId, changes, at);
  }

  /**
   * Messages of this conversation were stored. `readAt`: when the platform was asked for them; null: it was not asked.
   */
  async meet(
    { tx, instanceId }: Within,
    conversation: Pick<StoredConversation, 'id' | 'externalId'>,
    readAt: number | null,
  ): Promise<void> {
    const known = await this.#known(tx, instanceId);
    if (known.has(conversation.externalId)) await tx.applyWaiting(instanceId, conversation, readAt);
  }

  /** The conversation goes by `externalId` from now on. */
  async move(within: Within, alias: string, externalId: string): Promise<void> {
    const { tx, instanceId } = within;
    const known = await this.#known(tx, instanceId);
    if (known.has(alias)) {
      known.add(externalId);
      await tx.moveWaiting(instanceId, alias, externalId);
    }
    if (!known.has(externalId)) return;
    const conversation = await tx.conversation(instanceId, externalId);
    if (conversation !== null) await this.meet(within, conversation, null);
  }

  async #known(tx: SyncTransaction, instanceId: InstanceId): Promise<Set<string>> {
    this.#conversations ??= new Set(await tx.conversationsWithWaiting(instanceId));
    return this.#conversations;
  }
}
