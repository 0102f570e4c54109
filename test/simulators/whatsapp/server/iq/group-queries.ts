import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Faults } from '../../faults/faults.ts';
import { childOf, node } from '../../wire/nodes.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { Account } from '../../world/account.ts';
import type { Chat, GroupInfo } from '../../world/chat.ts';
import type { Person } from '../../world/person.ts';
import type { IqAnswer, IqTable } from './iq.ts';

const OVERLIMIT: IqAnswer = { error: { code: 429, text: 'rate-overlimit' } };

export const participantNode = (
  chat: Chat,
  { pn, lid, isMappingKnown }: Person,
  type: string | undefined,
): BinaryNode => {
  if (chat.addressing === 'pn') return node('participant', { jid: pn, type, lid: isMappingKnown ? lid : undefined });
  return node('participant', { jid: lid, type, phone_number: isMappingKnown ? pn : undefined });
};

/** Everybody in a group, and what they may do there. */
export const membersOf = (
  owner: Person,
  group: GroupInfo,
): readonly { readonly person: Person; readonly type: string | undefined }[] => {
  const typeOf = (person: Person, isAdmin: boolean): string | undefined =>
    person === (group.creator ?? owner) ? 'superadmin' : isAdmin ? 'admin' : undefined;
  return [
    ...(group.isMember ? [{ person: owner, type: typeOf(owner, group.isAdmin) }] : []),
    ...[...group.members].map((person) => ({ person, type: typeOf(person, group.admins.has(person)) })),
  ];
};

/** Throws `RangeError` for a chat that is no group. */
export const groupNode = ({ owner }: Account, chat: Chat): BinaryNode => {
  const { group } = chat;
  if (group === null) throw new RangeError(`${chat.name} is no group.`);
  const creator = group.creator ?? owner;
  const members = membersOf(owner, group);
  const created = String(Math.floor(group.createdAt / 1000));
  return node(
    'group',
    {
      id: (chat.ownJid ?? '').replace('@g.us', ''),
      subject: group.subject,
      s_t: created,
      s_o: chat.addressing === 'pn' ? creator.pn : creator.lid,
      creation: created,
      creator: chat.addressing === 'pn' ? creator.pn : creator.lid,
      creator_pn: chat.addressing === 'pn' || !creator.isMappingKnown ? undefined : creator.pn,
      addressing_mode: chat.addressing === 'pn' ? 'pn' : 'lid',
      size: String(members.length),
    },
    [
      ...members.map(({ person, type }) => participantNode(chat, person, type)),
      ...(group.description === null
        ? []
        : [node('description', { id: '1', t: created }, [node('body', {}, Buffer.from(group.description))])]),
      ...(group.announce ? [node('announcement')] : []),
      ...(chat.kind === 'community' ? [node('parent')] : []),
      ...(group.isAnnouncementGroup ? [node('default_sub_group')] : []),
      ...(group.communityJid === null ? [] : [node('linked_parent', { jid: group.communityJid })]),
    ],
  );
};

/** Groups and communities: `xmlns="w:g2"`. */
export const groupQueries = (faults: Faults): IqTable => ({
  'get w:g2 participating': (_, { account }) => {
    if (faults.take('groupsOverlimit', account) !== null) return OVERLIMIT;
    const groups = account.world.chats.flatMap((chat) =>
      chat.group?.isMember === true ? [groupNode(account.world, chat)] : [],
    );
    return { content: [node('groups', {}, groups)] };
  },
  'get w:g2 query': (iq, { account }) => {
    if (childOf(iq, 'query')?.attrs['request'] !== 'interactive')
      throw new ProtocolError('w:g2', 'no interactive query');
    if (faults.take('groupsOverlimit', account) !== null) return OVERLIMIT;
    const chat = account.world.chatAt(iq.attrs['to'] ?? '');
    if (!chat?.group) return { error: { code: 404, text: 'item-not-found' } };
    if (!chat.group.isMember) return { error: { code: 403, text: 'forbidden' } };
    return { content: [groupNode(account.world, chat)] };
  },
});
