import { proto } from '@whiskeysockets/baileys';
import { ExternalId } from '../../../domain/ids.ts';
import type { Message } from '../../../domain/message.ts';
import type { MalformedMessage } from '../../channel.ts';
import type { Canonical } from '../addresses/address-book.ts';
import { contentOf, unwrap } from './message-content.ts';
import { payloadOf, rawOf } from './message-payload.ts';
import { timeOfMs, timeOfSeconds } from './wire-time.ts';

const Stub = proto.WebMessageInfo.StubType;
const Told = proto.Message.ProtocolMessage.Type;

/** What an entry of a history, or of the live stream, turns out to be. */
export type Entry =
  | { readonly kind: 'message'; readonly message: Message }
  /** Of the message that was edited: its id, what it says now, and since when. Its time is that of the entry. */
  | { readonly kind: 'edit'; readonly message: Message }
  | { readonly kind: 'deletion'; readonly externalId: string }
  | { readonly kind: 'malformed'; readonly malformed: MalformedMessage }
  /** Protocol matters that no reader would miss. */
  | { readonly kind: 'nothing' };

export interface MappingOf {
  readonly ownJid: string;
  readonly canonical: Canonical;
  readonly now: number;
}

/** Every address in it that has to be looked up before it can be mapped. */
export const addressesIn = ({ key, participant, reactions }: proto.IWebMessageInfo): readonly string[] =>
  [key?.remoteJid, key?.participant, participant, ...(reactions ?? []).map((one) => one.key?.participant)].flatMap(
    (jid) => jid ?? [],
  );

/** "GROUP_CHANGE_SUBJECT" -> "group change subject": WhatsApp sends notices without words. */
const noticeOf = (stub: number, parameters: readonly unknown[]): string => {
  if (stub === Stub.REVOKE) return 'message deleted';
  const name = (Stub[stub] ?? `notice ${stub}`).toLowerCase().replaceAll('_', ' ');
  const [first] = parameters;
  return stub === Stub.GROUP_CHANGE_SUBJECT && typeof first === 'string' ? `${name}: ${first}` : name;
};

/** Who wrote it; null where it names nobody. */
export const senderOf = (
  info: Pick<proto.IWebMessageInfo, 'key' | 'participant'>,
  { ownJid, canonical }: MappingOf,
): string | null => {
  const author = canonical(info.key?.participant || info.participant);
  if (info.key?.fromMe) return ownJid;
  if (author !== '') return author;
  const chat = canonical(info.key?.remoteJid);
  return chat.endsWith('@g.us') || chat === '' ? null : chat;
};

const malformed = (info: proto.IWebMessageInfo, at: number | null, reason: string): Entry => ({
  kind: 'malformed',
  malformed: { externalId: info.key?.id || null, at, reason, raw: rawOf(info) },
});

const NOTHING: Entry = { kind: 'nothing' };

/** What a stub says. Null: it is none, or one that only says that there is a message. */
const stubOf = (
  info: proto.IWebMessageInfo,
  sender: string | null,
): Pick<Message, 'type' | 'text' | 'senderId'> | null => {
  const stub = info.messageStubType;
  if (stub === null || stub === undefined || stub === Stub.UNKNOWN) return null;
  // What could not be decrypted: it may come again, readable, and then replaces this.
  if (stub === Stub.CIPHERTEXT) return { type: 'unknown', text: null, senderId: sender };
  const isOfSomebody = stub === Stub.REVOKE || Boolean(info.key?.participant || info.participant);
  const text = noticeOf(stub, info.messageStubParameters ?? []);
  return { type: 'system', text, senderId: isOfSomebody ? sender : null };
};

/** Maps one entry; all its addresses (`addressesIn`) must be known to `canonical`. Never throws. */
export const entryOf = (info: proto.IWebMessageInfo, mapping: MappingOf): Entry => {
  const { now } = mapping;
  const at = timeOfSeconds(info.messageTimestamp, now);
  const id = info.key?.id;
  if (!id) return malformed(info, at, 'The message has no id.');
  const sender = senderOf(info, mapping);
  const isFromMe = info.key?.fromMe === true || (sender !== null && sender === mapping.ownJid);
  const said = unwrap(info.message);
  const told = said?.protocolMessage;
  const common = { senderId: sender, isFromMe, editedAt: null, timestamp: at ?? 0 };

  if (told) {
    const target = told.key?.id;
    if (told.type === Told.REVOKE && target) return { kind: 'deletion', externalId: target };
    if (told.type === Told.MESSAGE_EDIT && target) {
      const edited = unwrap(told.editedMessage);
      const content = edited === null ? null : contentOf(edited);
      const editedAt = timeOfMs(told.timestampMs, now) ?? at ?? now;
      if (content === null) return NOTHING;
      const payload = payloadOf({ info: { ...info, message: edited }, said: edited });
      const message = {
        ...common,
        ...content,
        externalId: ExternalId.make(target),
        payload,
        editedAt,
        timestamp: at ?? editedAt,
      };
      return { kind: 'edit', message };
    }
    if (told.type !== Told.EPHEMERAL_SETTING) return NOTHING;
  }

  const content = told
    ? { type: 'system' as const, text: 'disappearing messages changed', senderId: sender }
    : ((said === null ? null : contentOf(said)) ?? stubOf(info, sender));
  if (content === null) return said === null ? malformed(info, at, 'The message is empty.') : NOTHING;
  if (at === null) return malformed(info, at, 'The message has no time.');
  const payload = payloadOf({ info, said });
  return { kind: 'message', message: { ...common, ...content, externalId: ExternalId.make(id), payload } };
};
