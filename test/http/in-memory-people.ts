import { Effect } from 'effect';
import { Refused, type StoreUnavailable } from '../../src/domain/errors.ts';
import type { GroupView, MemberView } from '../../src/domain/group-view.ts';
import { GroupId, IdentityId, type InstanceId, PersonId } from '../../src/domain/ids.ts';
import type { IdentityView, PersonDetails } from '../../src/domain/person-view.ts';
import type { People } from '../../src/sync/people/people.ts';

const refused = (status: 404 | 409, code: string, details = {}) =>
  new Refused({ status, code, message: code, details });

const found = <A>(value: A | undefined, code: string): Effect.Effect<A, Refused> =>
  value === undefined ? Effect.fail(refused(404, code)) : Effect.succeed(value);

const page = <A>(items: readonly A[]) => Effect.succeed({ items, cursor: null });

const iso = (ms: number): string => new Date(ms).toISOString();

/** Runs it unless the database is away. */
type Available = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | StoreUnavailable>;

/** Persons, contacts and groups as the API sees them, kept in memory. */
export const inMemoryPeople = (hasInstance: (id: InstanceId) => boolean, available: Available) => {
  const persons = new Map<string, PersonDetails>();
  const contacts = new Map<string, IdentityView>();
  const groups = new Map<string, GroupView>();
  const members: MemberView[] = [];
  /** What each list was asked for. */
  const asked: unknown[] = [];
  const why: string[] = [];

  const personOf = (id: PersonId) => found(persons.get(id), 'person_not_found');
  const ofInstance = <A>(id: InstanceId, read: () => Effect.Effect<A, Refused>) =>
    Effect.suspend(() => (hasInstance(id) ? read() : Effect.fail(refused(404, 'instance_not_found'))));
  const save = (person: PersonDetails): PersonDetails => {
    persons.set(person.id, person);
    return person;
  };

  const answers: People = {
    persons: (filter) =>
      Effect.suspend(() => {
        asked.push(filter);
        return page([...persons.values()].map(({ groups: _, ...person }) => person));
      }),
    person: (id) => Effect.suspend(() => personOf(id)),
    timeline: (id) => Effect.suspend(() => Effect.andThen(personOf(id), page([]))),
    links: (id) =>
      Effect.suspend(() =>
        Effect.flatMap(personOf(id), (person) =>
          page(
            person.identities.map((identity) => ({
              at: person.createdAt,
              identityId: identity.id,
              instanceId: identity.instanceId,
              externalId: identity.externalId,
              fromPersonId: null,
              toPersonId: person.id,
              by: 'new' as const,
              why: 'it was new',
            })),
          ),
        ),
      ),
    contacts: (id, filter) =>
      ofInstance(id, () => {
        asked.push(filter);
        return page([...contacts.values()].filter(({ instanceId }) => instanceId === id));
      }),
    groups: (id, filter) =>
      ofInstance(id, () => {
        asked.push(filter);
        return page([...groups.values()].filter(({ instanceId }) => instanceId === id));
      }),
    members: (id, groupId, filter) =>
      ofInstance(id, () => {
        asked.push(filter);
        return Effect.andThen(
          found(groups.get(groupId), 'group_not_found'),
          page(members.filter((member) => member.groupId === groupId)),
        );
      }),
    create: ({ name, phone }, at) =>
      Effect.suspend(() => {
        if (phone !== null && [...persons.values()].some((person) => person.phone === phone)) {
          return Effect.fail(refused(409, 'phone_taken'));
        }
        return Effect.succeed(
          save({
            id: PersonId.make(crypto.randomUUID()),
            name,
            givenName: name,
            phone,
            madeBy: 'api',
            identities: [],
            groups: [],
            createdAt: iso(at),
            updatedAt: iso(at),
          }),
        );
      }),
    update: (id, { name, phone }, at) =>
      Effect.suspend(() =>
        Effect.map(personOf(id), (person) =>
          save({
            ...person,
            ...(name === undefined ? {} : { name, givenName: name }),
            ...(phone === undefined ? {} : { phone }),
            updatedAt: iso(at),
          }),
        ),
      ),
    merge: (into, from, reason) =>
      Effect.suspend(() => {
        why.push(reason);
        if (from.includes(into)) return Effect.fail(refused(409, 'same_person'));
        return Effect.andThen(Effect.forEach(from, personOf), personOf(into));
      }),
    link: (identityId, personId, reason) =>
      Effect.suspend(() => {
        why.push(reason);
        return Effect.andThen(found(contacts.get(identityId), 'identity_not_found'), personOf(personId));
      }),
    unlink: (identityId, reason) =>
      Effect.suspend(() => {
        why.push(reason);
        return Effect.flatMap(found(contacts.get(identityId), 'identity_not_found'), ({ personId }) =>
          personOf(personId),
        );
      }),
  };

  const people: People = {
    persons: (filter, at) => available(answers.persons(filter, at)),
    person: (id) => available(answers.person(id)),
    timeline: (id, at) => available(answers.timeline(id, at)),
    links: (id, at) => available(answers.links(id, at)),
    contacts: (id, filter, at) => available(answers.contacts(id, filter, at)),
    groups: (id, filter, at) => available(answers.groups(id, filter, at)),
    members: (id, groupId, filter, at) => available(answers.members(id, groupId, filter, at)),
    create: (person, at) => available(answers.create(person, at)),
    update: (id, change, at) => available(answers.update(id, change, at)),
    merge: (into, from, reason, at) => available(answers.merge(into, from, reason, at)),
    link: (identityId, personId, reason, at) => available(answers.link(identityId, personId, reason, at)),
    unlink: (identityId, reason, at) => available(answers.unlink(identityId, reason, at)),
  };

  /** A contact with its person, in a group. */
  const meet = (instanceId: InstanceId, name: string, at: number) => {
    const identity: IdentityView = {
      id: IdentityId.make(crypto.randomUUID()),
      instanceId,
      channel: 'discord',
      externalId: `account-${name}`,
      aliases: [],
      personId: PersonId.make(crypto.randomUUID()),
      name,
      names: { saved: null, verified: null, pushed: name },
      handle: null,
      phone: null,
      isBot: false,
      metadata: {},
      firstLinkedBy: 'new',
      pinned: false,
      createdAt: iso(at),
      updatedAt: iso(at),
      removedAt: null,
    };
    const group: GroupView = {
      id: GroupId.make(crypto.randomUUID()),
      instanceId,
      externalId: `group-${name}`,
      kind: 'guild',
      parentExternalId: null,
      name: 'Guild',
      description: null,
      ownerExternalId: null,
      memberCount: 1,
      metadata: { verified: true },
      createdAt: null,
      updatedAt: iso(at),
      leftAt: null,
    };
    const membership = {
      externalId: group.externalId,
      kind: group.kind,
      role: 'member',
      nick: null,
      joinedAt: null,
    } as const;
    contacts.set(identity.id, identity);
    groups.set(group.id, group);
    members.push({
      groupId: group.id,
      externalId: identity.externalId,
      role: 'member',
      nick: null,
      joinedAt: null,
      leftAt: null,
      identityId: identity.id,
      personId: identity.personId,
      name,
    });
    save({
      id: identity.personId,
      name,
      givenName: null,
      phone: null,
      madeBy: 'sync',
      identities: [identity],
      groups: [{ ...membership, groupId: group.id, instanceId, identityId: identity.id, name: group.name }],
      createdAt: iso(at),
      updatedAt: iso(at),
    });
    return { identity, group };
  };

  return { people, asked, why, meet };
};
