import { createHash } from 'node:crypto';
import { type BinaryNode, decodeMessageNode, proto, unpadRandomMax16 } from '@whiskeysockets/baileys';
import type { ConversationChanges } from '../../channel.ts';
import type { NewPush } from '../../session-vault.ts';
import type { AddressBook } from '../addresses/address-book.ts';
import { isConversation, plainJid } from '../addresses/jid.ts';
import { unwrap } from '../mapping/message-content.ts';
import { addressesIn, entryOf } from '../mapping/message-mapping.ts';

const { Type } = proto.Message.ProtocolMessage;

const decode = (plaintext: Uint8Array): proto.IMessage | null => {
  try {
    const message = proto.Message.decode(unpadRandomMax16(plaintext));
    return message.deviceSentMessage?.message ?? message;
  } catch {
    return null;
  }
};

const isChange = (message: proto.IMessage): boolean => {
  const type = unwrap(message)?.protocolMessage?.type;
  return type === Type.MESSAGE_EDIT || type === Type.REVOKE;
};

/** Whose words a ciphertext is, and where they were said. `me` and `meLid`: addresses of the account. */
export interface Spoken {
  readonly stanza: BinaryNode;
  readonly me: string;
  readonly meLid: string;
}

/**
 * An edit or a deletion as a push, as history would show it; null when the plaintext is neither. Such a thing is told
 * once, and no gap shows that it was lost.
 */
export const keptChange = (plaintext: Uint8Array, { stanza, me, meLid }: Spoken): NewPush | null => {
  const message = decode(plaintext);
  if (message === null || !isChange(message)) return null;
  const { key, messageTimestamp } = decodeMessageNode(stanza, me, meLid).fullMessage;
  if (!isConversation(plainJid(key.remoteJid))) return null;
  const { remoteJid, fromMe, id, participant } = key;
  const info = proto.WebMessageInfo.fromObject({
    key: { remoteJid, fromMe, id, participant },
    messageTimestamp,
    message,
  });
  const bytes = Buffer.from(proto.WebMessageInfo.encode(info).finish());
  return { name: `change.${createHash('sha256').update(bytes).digest('hex')}`, body: bytes.toString('base64') };
};

export const isKeptChange = ({ name }: NewPush): boolean => name.startsWith('change.');

/** Throws when it is not what `keptChange` made. */
export const changeTold = ({ body }: NewPush): proto.IWebMessageInfo =>
  proto.WebMessageInfo.decode(Buffer.from(body, 'base64'));

/** What it says, of which conversation. */
export const changesIn = async (
  info: proto.IWebMessageInfo,
  book: AddressBook,
  now: number,
): Promise<readonly ConversationChanges[]> => {
  const canonical = await book.lookUp(addressesIn(info));
  const entry = entryOf(info, { ownJid: book.ownJid, canonical, now });
  const conversationExternalId = canonical(info.key?.remoteJid);
  if (entry.kind === 'edit') return [{ conversationExternalId, edited: [entry.message], deleted: [] }];
  if (entry.kind === 'deletion') return [{ conversationExternalId, edited: [], deleted: [entry.externalId] }];
  return [];
};
