import type { GroupMetadata, GroupParticipant } from '@whiskeysockets/baileys';
import type { ListedContact } from '../../../domain/contact.ts';
import type { AmendedGroup, ListedGroup, ListedMember, MemberRole } from '../../../domain/group.ts';
import { ExternalId } from '../../../domain/ids.ts';
import type { GroupMembers } from '../../channel.ts';
import type { Canonical, Pair } from '../addresses/address-book.ts';
import { isPerson, plainJid } from '../addresses/jid.ts';
import { contactOf, namesOf } from './contact-mapping.ts';

/** What a query of groups tells of who is who. */
export const pairsOfGroup = ({ owner, ownerPn, participants }: GroupMetadata): readonly Pair[] => [
  ...(owner && ownerPn ? [{ lid: owner, pn: ownerPn }] : []),
  ...participants.flatMap(({ id, lid, phoneNumber }) => {
    if (phoneNumber) return [{ lid: lid ?? id, pn: phoneNumber }];
    return lid ? [{ lid, pn: id }] : [];
  }),
];

export const addressesOfGroup = ({ owner, participants }: GroupMetadata): readonly string[] => [
  ...(owner ? [owner] : []),
  ...participants.map(({ id }) => id),
];

const roleOf = ({ admin, isAdmin, isSuperAdmin }: GroupParticipant): MemberRole => {
  if (admin === 'superadmin' || isSuperAdmin) return 'owner';
  return admin === 'admin' || isAdmin ? 'admin' : 'member';
};

const personIn = (jid: string | null | undefined, canonical: Canonical): ExternalId | null => {
  const resolved = canonical(jid);
  return isPerson(resolved) ? ExternalId.make(resolved) : null;
};

export const groupOf = (group: GroupMetadata, canonical: Canonical): ListedGroup => ({
  externalId: ExternalId.make(plainJid(group.id)),
  kind: group.isCommunity ? 'community' : 'group',
  parentExternalId: group.linkedParent ? ExternalId.make(plainJid(group.linkedParent)) : null,
  name: group.subject || null,
  description: group.desc || null,
  ownerExternalId: personIn(group.owner, canonical),
  createdAt: group.creation ? group.creation * 1000 : null,
  memberCount: group.size ?? group.participants.length,
  metadata: {
    addressingMode: group.addressingMode ?? 'pn',
    isAnnouncementGroup: group.isCommunityAnnounce === true,
    onlyAdminsWrite: group.announce === true,
    onlyAdminsChangeSettings: group.restrict === true,
    ...(group.ephemeralDuration ? { disappearingAfterSeconds: group.ephemeralDuration } : {}),
  },
});

/** What Baileys tells of a change: that and the id. Null: nothing that is kept. */
export const amendmentOf = (changed: Partial<GroupMetadata>): AmendedGroup | null => {
  const { id, subject, desc, announce, restrict } = changed;
  const metadata = {
    ...(announce === undefined ? {} : { onlyAdminsWrite: announce }),
    ...(restrict === undefined ? {} : { onlyAdminsChangeSettings: restrict }),
  };
  const change = {
    // A group always has a subject, and may do without a description: then Baileys tells an undefined one.
    ...(subject ? { name: subject } : {}),
    ...(Object.hasOwn(changed, 'desc') ? { description: desc || null } : {}),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
  if (!id || Object.keys(change).length === 0) return null;
  return { externalId: ExternalId.make(plainJid(id)), ...change };
};

export const membersOf = (group: GroupMetadata, canonical: Canonical): GroupMembers => {
  const members = new Map<string, ListedMember>();
  for (const participant of group.participants) {
    const contactExternalId = personIn(participant.id, canonical);
    if (contactExternalId === null) continue;
    members.set(contactExternalId, { contactExternalId, role: roleOf(participant), nick: null, joinedAt: null });
  }
  return { groupExternalId: plainJid(group.id), members: [...members.values()] };
};

/** Everybody in it, as contacts of whom no more is known than that they are there. */
export const contactsOfGroup = (
  { participants }: Pick<GroupMetadata, 'participants'>,
  canonical: Canonical,
): readonly ListedContact[] =>
  participants.flatMap(
    ({ id, lid, phoneNumber }) => contactOf({ id, lid, phoneNumber, names: namesOf({}) }, canonical) ?? [],
  );
