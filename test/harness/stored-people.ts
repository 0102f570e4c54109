import type { TrueContact, TrueGroup, TrueMember } from '../simulators/discord/people-truth.ts';
import type { ApiClient } from './api-client.ts';

export interface ContactShown {
  readonly externalId: string;
  readonly personId: string;
  readonly name: string | null;
  readonly names: { readonly saved: string | null; readonly verified: string | null; readonly pushed: string | null };
  readonly handle: string | null;
  readonly phone: string | null;
  readonly isBot: boolean;
  readonly removedAt: string | null;
}

export interface GroupShown {
  readonly id: string;
  readonly externalId: string;
  readonly kind: string;
  readonly parentExternalId: string | null;
  readonly name: string | null;
  readonly description: string | null;
  readonly ownerExternalId: string | null;
  readonly memberCount: number | null;
  readonly leftAt: string | null;
}

export interface MemberShown {
  readonly externalId: string;
  readonly role: 'owner' | 'admin' | 'member';
  readonly nick: string | null;
  readonly joinedAt: string | null;
  readonly leftAt: string | null;
  readonly identityId: string | null;
}

export interface People<Contact, Group, Member> {
  readonly contacts: Contact;
  readonly groups: Group;
  readonly members: Member;
}

/** Rows in an order of their own, each as text. */
export const inOrder = async <Row extends object>(rows: Iterable<Row> | AsyncIterable<Row>): Promise<string[]> => {
  const texts: string[] = [];
  for await (const row of rows) texts.push(JSON.stringify(Object.entries(row).sort()));
  return texts.sort();
};

async function* contactsOf(api: ApiClient, instanceId: string): AsyncGenerator<TrueContact> {
  for await (const contact of api.list<ContactShown>(`/instances/${instanceId}/contacts`)) {
    const { externalId: userId, handle, names, isBot } = contact;
    yield { userId, username: handle ?? '', globalName: names.pushed, isBot };
  }
}

async function* groupsOf(api: ApiClient, instanceId: string): AsyncGenerator<TrueGroup> {
  for await (const group of api.list<GroupShown>(`/instances/${instanceId}/groups`)) {
    const { externalId: id, kind, parentExternalId: parentId, name, description, memberCount } = group;
    const ownerId = group.ownerExternalId;
    yield { id, kind: kind as TrueGroup['kind'], parentId, name: name ?? '', description, ownerId, memberCount };
  }
}

async function* membersOf(api: ApiClient, instanceId: string): AsyncGenerator<TrueMember> {
  for await (const { id, externalId: guildId, kind } of api.list<GroupShown>(`/instances/${instanceId}/groups`)) {
    if (kind !== 'guild') continue;
    for await (const member of api.list<MemberShown>(`/instances/${instanceId}/groups/${id}/members`)) {
      const { externalId: userId, role, nick, joinedAt } = member;
      yield { guildId, userId, role, nick, joinedAt: Date.parse(joinedAt ?? '') };
    }
  }
}

/**
 * What is stored of the people of a Discord instance and is not gone, read through the API, as the simulator says it.
 */
export const storedPeople = (
  api: ApiClient,
  instanceId: string,
): People<AsyncGenerator<TrueContact>, AsyncGenerator<TrueGroup>, AsyncGenerator<TrueMember>> => ({
  contacts: contactsOf(api, instanceId),
  groups: groupsOf(api, instanceId),
  members: membersOf(api, instanceId),
});
