import type { Anchor } from '../../../domain/anchor.ts';
import type { ConversationKind, ListedConversation } from '../../../domain/conversation.ts';
import { ExternalId } from '../../../domain/ids.ts';
import { type ApiChannel, isDirect, isPostList, isThread } from './api-channel.ts';
import { timeOfSnowflake } from './snowflake.ts';

const kindOf = (channel: ApiChannel): ConversationKind =>
  isThread(channel) ? 'thread' : isPostList(channel) ? 'forum' : isDirect(channel) ? 'direct' : 'channel';

/** A message as a place: its id tells its time. */
export const anchorOf = (messageId: string): Anchor => ({ at: timeOfSnowflake(messageId), id: messageId });

/**
 * Absent when Discord does not say; it may name a message that was deleted since. No list names it again for a direct
 * conversation: what was written while nobody listened would pass for held.
 */
const newestOf = (channel: ApiChannel): { newest?: Anchor | null } => {
  if (isPostList(channel)) return { newest: null };
  if (isDirect(channel)) return {};
  const { last_message_id: id } = channel;
  return id === undefined ? {} : { newest: id === null ? null : anchorOf(id) };
};

/** The channel of a thread, the guild of a channel. A category is no parent to us. */
const parentOf = (channel: ApiChannel): string | null =>
  (isThread(channel) ? channel.parent_id : channel.guild_id) ?? null;

/** `unreadable` says in words why its history cannot be read; null: it can. */
export const conversationOf = (channel: ApiChannel, unreadable: string | null): ListedConversation => ({
  externalId: ExternalId.make(channel.id),
  parentExternalId: parentOf(channel),
  kind: kindOf(channel),
  name: channel.name ?? null,
  createdAt: timeOfSnowflake(channel.id),
  ...newestOf(channel),
  unreadable,
  holdsMessages: !isPostList(channel),
});
