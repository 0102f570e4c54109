import { isLidUser, isPnUser } from '@whiskeysockets/baileys';
import { ExternalId } from '../../../domain/ids.ts';
import type { Message } from '../../../domain/message.ts';
import type { ChunkSpan, HistoryChunk } from './history-chunk.ts';

const areAddressesOfOne = (one: string, other: string): boolean =>
  (isLidUser(one) === true && isPnUser(other) === true) || (isPnUser(one) === true && isLidUser(other) === true);

const under = (wanted: string, span: ChunkSpan): ChunkSpan => {
  const externalId = ExternalId.make(wanted);
  const given = span.conversation.externalId;
  const renamed = (message: Message): Message =>
    message.senderId === given ? { ...message, senderId: externalId } : message;
  return {
    ...span,
    conversation: { ...span.conversation, externalId },
    messages: span.messages.map(renamed),
    edited: span.edited.map(renamed),
  };
};

/**
 * What the phone answered when it was asked for this chat. It may answer under the other address of somebody without a
 * word of whose it is: where it brings one direct chat and nothing else, that is the one. For this answer only, since
 * the mapping itself would be for good.
 */
export const answerAbout = (wanted: string, { spans }: HistoryChunk): readonly ChunkSpan[] => {
  const [only, ...others] = spans;
  if (only === undefined || others.length > 0) return spans;
  return areAddressesOfOne(only.conversation.externalId, wanted) ? [under(wanted, only)] : spans;
};
