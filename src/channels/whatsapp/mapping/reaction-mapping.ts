import type { proto } from '@whiskeysockets/baileys';
import { ExternalId } from '../../../domain/ids.ts';
import type { Message } from '../../../domain/message.ts';
import { type MappingOf, senderOf } from './message-mapping.ts';
import { rawOf } from './message-payload.ts';
import { timeOfMs } from './wire-time.ts';

/** The message to which people reacted, and the time of the newest message that came along, ms. */
export interface ReactedTo {
  readonly info: proto.IWebMessageInfo;
  readonly message: Message;
  readonly newestAt: number;
}

/**
 * The reactions that a history hangs on a message, as the messages that they were when they came live. A history proves
 * nothing about the time above its newest message, so that no reaction is dated later.
 */
export const reactionsOf = ({ info, message, newestAt }: ReactedTo, mapping: MappingOf): readonly Message[] =>
  (info.reactions ?? []).flatMap((reaction): readonly Message[] => {
    const id = reaction.key?.id;
    // Without an emoji it was taken back.
    if (!id || !reaction.text) return [];
    const senderId = senderOf({ key: { remoteJid: info.key?.remoteJid ?? null, ...reaction.key } }, mapping);
    const at = timeOfMs(reaction.senderTimestampMs, mapping.now) ?? message.timestamp;
    return [
      {
        externalId: ExternalId.make(id),
        senderId,
        isFromMe: reaction.key?.fromMe === true || (senderId !== null && senderId === mapping.ownJid),
        type: 'reaction',
        text: reaction.text,
        payload: { reactsTo: message.externalId, message: rawOf(reaction) },
        timestamp: Math.max(message.timestamp, Math.min(at, newestAt)),
        editedAt: null,
      },
    ];
  });

/** Newest first as before, and with a message at either end, since the ends are what the history proves. */
export const withReactions = (messages: readonly Message[], reactions: readonly Message[]): readonly Message[] => {
  const [newest, ...rest] = messages;
  if (newest === undefined || reactions.length === 0) return messages;
  const oldest = rest.pop();
  const between = [...rest, ...reactions].sort((one, other) => other.timestamp - one.timestamp);
  return oldest === undefined ? [newest, ...between] : [newest, ...between, oldest];
};
