import type { BaileysEventMap, Contact, GroupMetadata, WAMessageKey } from '@whiskeysockets/baileys';
import { ExternalId } from '../../../domain/ids.ts';
import { keptOf } from '../../../domain/message.ts';
import type { ConnectionReport, LiveMessage } from '../../channel.ts';
import type { AddressBook, Canonical } from '../addresses/address-book.ts';
import { isConversation, isPerson, plainJid } from '../addresses/jid.ts';
import { addressesOf, contactOf, mergeContacts, namesOf, type ToldContact } from '../mapping/contact-mapping.ts';
import { conversationOf } from '../mapping/conversation-mapping.ts';
import {
  addressesOfGroup,
  amendmentOf,
  contactsOfGroup,
  groupOf,
  membersOf,
  pairsOfGroup,
} from '../mapping/group-mapping.ts';
import { addressesIn, type Entry, entryOf } from '../mapping/message-mapping.ts';

type Info = BaileysEventMap['messages.upsert']['messages'][number];
type Participants = BaileysEventMap['group-participants.update'];

export interface LiveOf {
  readonly book: AddressBook;
  readonly now: () => number;
}

interface Placed {
  readonly chat: string;
  /** Of the stanza that brought it: of an edit or a deletion, not the message that it is about. */
  readonly id: string;
  readonly entry: Entry;
}

const liveMessage = ({ chat, entry }: Placed): LiveMessage | null => {
  if (entry.kind === 'malformed') {
    const message = keptOf(entry.malformed);
    return message === null ? null : { conversation: conversationOf({ jid: chat }), message };
  }
  if (entry.kind !== 'message' && entry.kind !== 'edit') return null;
  const { message } = entry;
  const newest = entry.kind === 'message' ? { newest: { at: message.timestamp, id: message.externalId } } : {};
  return { conversation: conversationOf({ jid: chat, ...newest }), message };
};

/** Baileys names a contact whenever it tells of the address book: without a name for one that was removed from it. */
const toldContact = (contact: Partial<Contact>): ToldContact => {
  const { id = '', lid, phoneNumber, name, notify, verifiedName, username } = contact;
  const names = namesOf({ saved: name, pushed: notify, verified: verifiedName });
  const isRemoved = Object.hasOwn(contact, 'name') && !name;
  return { id, lid, phoneNumber, username, names: isRemoved ? { ...names, saved: null } : names };
};

/**
 * Turns what Baileys emits into reports. Each function makes no request and has to be called in the order of events.
 */
export const liveEvents = ({ book, now }: LiveOf) => {
  const messages = async (upserted: readonly Info[], continuity: string): Promise<readonly ConnectionReport[]> => {
    // What the phone tells this device alone is no message, also where it came twice and cannot be read again.
    const infos = upserted.filter(({ category }) => category !== 'peer');
    const canonical = await book.lookUp(infos.flatMap(addressesIn));
    const mapping = { ownJid: book.ownJid, canonical, now: now() };
    const placed: readonly Placed[] = infos
      .map((info) => ({ chat: canonical(info.key.remoteJid), id: info.key.id ?? '', entry: entryOf(info, mapping) }))
      .filter(({ chat }) => isConversation(chat));
    return reportsOf(placed, continuity);
  };

  const contacts = async (told: readonly Partial<Contact>[]): Promise<readonly ConnectionReport[]> => {
    const named = told.map(toldContact).filter(({ names, lid }) => Object.keys(names).length > 0 || lid);
    const canonical = await book.lookUp(named.flatMap(addressesOf));
    const listed = mergeContacts(named.flatMap((one) => contactOf(one, canonical) ?? []));
    return listed.length === 0 ? [] : [{ type: 'contactsArrived', contacts: listed }];
  };

  /** Whole groups with their members, or what changed about one. */
  const groups = async (told: readonly Partial<GroupMetadata>[]): Promise<readonly ConnectionReport[]> => {
    const whole = told.filter((group): group is GroupMetadata => group.participants !== undefined);
    const canonical = await book.lookUp(whole.flatMap(addressesOfGroup), whole.flatMap(pairsOfGroup));
    const named = told.filter(({ id, subject }) => id && subject);
    const amended = told.flatMap((group) => (group.participants === undefined ? (amendmentOf(group) ?? []) : []));
    const met = mergeContacts(whole.flatMap((group) => contactsOfGroup(group, canonical)));
    return [
      ...(met.length === 0 ? [] : [{ type: 'contactsArrived' as const, contacts: met }]),
      ...(amended.length === 0 ? [] : [{ type: 'groupsAmended' as const, groups: amended }]),
      ...(whole.length === 0
        ? []
        : [
            {
              type: 'groupsChanged' as const,
              groups: whole.map((group) => groupOf(group, canonical)),
              members: whole.map((group) => membersOf(group, canonical)),
            },
          ]),
      ...(named.length === 0
        ? []
        : [{ type: 'conversationsChanged' as const, conversations: named.map(conversationOfGroup) }]),
    ];
  };

  const participants = async (change: Participants): Promise<readonly ConnectionReport[]> => {
    const canonical: Canonical = await book.lookUp(
      change.participants.map(({ id }) => id),
      change.participants.flatMap(({ id, phoneNumber }) => (phoneNumber ? [{ lid: id, pn: phoneNumber }] : [])),
    );
    const people = change.participants.map(({ id }) => canonical(id)).filter(isPerson);
    const groupExternalId = plainJid(change.id);
    switch (change.action) {
      case 'add':
      case 'promote':
      case 'demote': {
        const role = change.action === 'promote' ? ('admin' as const) : ('member' as const);
        const members = people.map((id) => ({
          contactExternalId: ExternalId.make(id),
          role,
          nick: null,
          joinedAt: null,
        }));
        if (members.length === 0) return [];
        return [
          { type: 'contactsArrived', contacts: mergeContacts(contactsOfGroup(change, canonical)) },
          { type: 'membersJoined', members: { groupExternalId, members } },
        ];
      }
      case 'remove':
        if (people.includes(book.ownJid)) return [{ type: 'groupsLeft', externalIds: [groupExternalId] }];
        return people.length === 0 ? [] : [{ type: 'membersLeft', groupExternalId, contactExternalIds: people }];
      default:
        return [];
    }
  };

  /** What the owner deleted for itself, on another device. */
  const deletions = async (told: BaileysEventMap['messages.delete']): Promise<readonly ConnectionReport[]> => {
    if (!('keys' in told)) return [];
    const canonical = await book.lookUp(told.keys.flatMap(({ remoteJid }) => remoteJid ?? []));
    const placed = told.keys.map(({ remoteJid, id }) => ({ chat: canonical(remoteJid), id: id ?? '' }));
    return [...Map.groupBy(placed, ({ chat }) => chat)].map(([chat, keys]) => ({
      type: 'messagesDeleted',
      conversationExternalId: chat,
      externalIds: keys.map(({ id }) => id).filter((id) => id !== ''),
    }));
  };

  const missed = async ({ remoteJid, id }: WAMessageKey): Promise<readonly ConnectionReport[]> => {
    const canonical = await book.lookUp(remoteJid ? [remoteJid] : []);
    const conversationExternalId = canonical(remoteJid);
    if (!id || !isConversation(conversationExternalId)) return [];
    return [{ type: 'messageMissed', conversationExternalId, externalId: id }];
  };

  return { messages, missed, contacts, groups, participants, deletions };
};

const conversationOfGroup = ({ id, subject, creation, linkedParent, isCommunity }: Partial<GroupMetadata>) =>
  conversationOf({
    jid: plainJid(id),
    name: subject,
    createdAt: creation ? creation * 1000 : null,
    parent: linkedParent ? plainJid(linkedParent) : null,
    isCommunity,
  });

/**
 * What could not be read is kept as a message until it comes again, readable: then it may turn out to be an edit, a
 * deletion or a matter of the protocol, and what was kept of it is no message. What names itself is one.
 */
const isNoMessage = ({ id, entry }: Placed): boolean => {
  if (id === '' || entry.kind === 'message' || entry.kind === 'malformed') return false;
  return entry.kind !== 'edit' || entry.message.externalId !== id;
};

const reportsOf = (placed: readonly Placed[], continuity: string): readonly ConnectionReport[] => {
  const of = (kind: Entry['kind']) => placed.filter(({ entry }) => entry.kind === kind);
  const arrived = [...of('message'), ...of('malformed')].flatMap((one) => liveMessage(one) ?? []);
  const edited = of('edit').flatMap((one) => liveMessage(one) ?? []);
  return [
    ...(arrived.length === 0 ? [] : [{ type: 'messagesArrived' as const, continuity, messages: arrived }]),
    ...(edited.length === 0 ? [] : [{ type: 'messagesEdited' as const, messages: edited }]),
    ...placed.flatMap((one): readonly ConnectionReport[] => {
      const { chat: conversationExternalId, id, entry } = one;
      const deleted = { type: 'messagesDeleted' as const, conversationExternalId };
      return [
        ...(entry.kind === 'deletion' ? [{ ...deleted, externalIds: [entry.externalId] }] : []),
        ...(isNoMessage(one) ? [{ ...deleted, externalIds: [id], onlyHeld: true as const }] : []),
      ];
    }),
  ];
};
