import { isLidUser, isPnUser } from '@whiskeysockets/baileys';
import { ExternalId } from '../../../domain/ids.ts';
import type { Message } from '../../../domain/message.ts';
import type { ChunkStretch, HistoryChunk } from './history-chunk.ts';

const areAddressesOfOne = (one: string, other: string): boolean =>
  (isLidUser(one) === true && isPnUser(other) === true) || (isPnUser(one) === true && isLidUser(other) === true);

const under = (wanted: string, stretch: ChunkStretch): ChunkStretch => {
  const externalId = ExternalId.make(wanted);
  const given = stretch.conversation.externalId;
  const renamed = (message: Message): Message =>
    message.senderId === given ? { ...message, senderId: externalId } : message;
  return {
    ...stretch,
    conversation: { ...stretch.conversation, externalId },
    messages: stretch.messages.map(renamed),
    edited: stretch.edited.map(renamed),
  };
};

/**
 * What the phone answered when it was asked for this chat. It may answer under the other address of somebody without a
 * word of whose it is: where it brings one direct chat and nothing else, that is the one. For this answer only, since
 * the mapping itself would be for good.
 */
export const answerAbout = (wanted: string, { stretches }: HistoryChunk): readonly ChunkStretch[] => {
  const [only, ...others] = stretches;
  if (only === undefined || others.length > 0) return stretches;
  return areAddressesOfOne(only.conversation.externalId, wanted) ? [under(wanted, only)] : stretches;
};
