import type { ListedContact } from '../../../src/domain/contact.ts';
import type { ListedGroup, ListedMember } from '../../../src/domain/group.ts';
import type { Completeness, PeopleTransaction, Survey } from '../../../src/sync/people/people-store.ts';
import type { StoredCounts } from '../../../src/sync/stored-counts.ts';

interface Held<A> {
  readonly listed: A;
  readonly changedAt: number;
  readonly goneAt: number | null;
}

type Shelf<A> = Map<string, Held<A>>;

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const store = <A>(shelf: Shelf<A>, listed: readonly (readonly [string, A])[], at: number): StoredCounts => {
  const counts = { stored: 0, duplicates: 0, updated: 0 };
  for (const [id, one] of listed) {
    const held = shelf.get(id);
    if (held !== undefined && held.goneAt === null && isSame(held.listed, one)) counts.duplicates += 1;
    else {
      counts[held === undefined ? 'stored' : 'updated'] += 1;
      shelf.set(id, { listed: one, changedAt: at, goneAt: null });
    }
  }
  return counts;
};

/** Marks those of which `isGone`; returns how many they were. */
const mark = <A>(shelf: Shelf<A>, at: number, isGone: (id: string, held: Held<A>) => boolean): number => {
  const gone = [...shelf].filter(([id, held]) => held.goneAt === null && isGone(id, held));
  for (const [id, held] of gone) shelf.set(id, { ...held, changedAt: at, goneAt: at });
  return gone.length;
};

/** Contacts, groups and members of one instance, in memory. Of persons it knows nothing. */
export class MemoryPeople implements PeopleTransaction {
  readonly contactsHeld: Shelf<ListedContact> = new Map();
  readonly groupsHeld: Shelf<ListedGroup> = new Map();
  /** By group. */
  readonly membersHeld = new Map<string, Shelf<ListedMember>>();
  readonly aliases = new Map<string, string>();
  /** By job and what was read. */
  readonly sightings = new Map<string, Set<string>>();

  protected copyPeopleInto(copy: MemoryPeople): void {
    for (const [id, held] of this.contactsHeld) copy.contactsHeld.set(id, held);
    for (const [id, held] of this.groupsHeld) copy.groupsHeld.set(id, held);
    for (const [id, shelf] of this.membersHeld) copy.membersHeld.set(id, new Map(shelf));
    for (const [alias, id] of this.aliases) copy.aliases.set(alias, id);
    for (const [what, ids] of this.sightings) copy.sightings.set(what, new Set(ids));
  }

  #resolved(externalId: string): string {
    return this.aliases.get(externalId) ?? externalId;
  }

  #finish<A>(
    shelf: Shelf<A>,
    counts: StoredCounts,
    ids: readonly string[],
    at: number,
    what: string,
    completeness: Completeness,
  ): StoredCounts {
    if (completeness === 'all') {
      return { ...counts, updated: counts.updated + mark(shelf, at, (id) => !ids.includes(id)) };
    }
    if (completeness !== null) {
      const key = `${completeness.jobId}/${what}`;
      this.sightings.set(key, new Set([...(this.sightings.get(key) ?? []), ...ids]));
    }
    return counts;
  }

  #sweep<A>(shelf: Shelf<A>, { jobId, startedAt }: Survey, what: string, at: number): number {
    const seen = this.sightings.get(`${jobId}/${what}`) ?? new Set();
    this.sightings.delete(`${jobId}/${what}`);
    return mark(shelf, at, (id, { changedAt }) => !seen.has(id) && changedAt < startedAt);
  }

  #members(groupExternalId: string): Shelf<ListedMember> {
    const shelf = this.membersHeld.get(groupExternalId) ?? new Map();
    this.membersHeld.set(groupExternalId, shelf);
    return shelf;
  }

  readonly storeContacts: PeopleTransaction['storeContacts'] = async (id, channel, contacts, at, survey) => {
    const aliases = contacts.flatMap(({ aliases: names, externalId, phone }) =>
      names.map((alias) => ({ alias, externalId, phone })),
    );
    await this.learnAliases(id, channel, aliases, at);
    const listed = contacts.map((one) => [this.#resolved(one.externalId), one] as const);
    const counts = store(this.contactsHeld, listed, at);
    const ids = listed.map(([externalId]) => externalId);
    return this.#finish(this.contactsHeld, counts, ids, at, 'contact', survey ?? null);
  };

  readonly learnAliases: PeopleTransaction['learnAliases'] = async (_id, _channel, aliases) => {
    const fresh = aliases.filter(({ alias, externalId }) => this.aliases.get(alias) !== externalId);
    for (const { alias, externalId } of fresh) {
      this.aliases.set(alias, externalId);
      const held = this.contactsHeld.get(alias);
      this.contactsHeld.delete(alias);
      if (held !== undefined && !this.contactsHeld.has(externalId)) this.contactsHeld.set(externalId, held);
    }
    return fresh.length;
  };

  readonly storeGroups: PeopleTransaction['storeGroups'] = async (_id, groups, at, completeness = null) => {
    const listed = groups.map((one) => [one.externalId, one] as const);
    const counts = store(this.groupsHeld, listed, at);
    const ids = listed.map(([externalId]) => externalId);
    return this.#finish(this.groupsHeld, counts, ids, at, 'group', completeness);
  };

  readonly storeMembers: PeopleTransaction['storeMembers'] = async (_id, group, members, at, completeness = null) => {
    if (!this.groupsHeld.has(group)) return { stored: 0, duplicates: members.length, updated: 0 };
    const listed = members.map((one) => [this.#resolved(one.contactExternalId), one] as const);
    const shelf = this.#members(group);
    const ids = listed.map(([externalId]) => externalId);
    return this.#finish(shelf, store(shelf, listed, at), ids, at, `member/${group}`, completeness);
  };

  readonly sweepContacts: PeopleTransaction['sweepContacts'] = async (_id, survey, at) =>
    this.#sweep(this.contactsHeld, survey, 'contact', at);

  readonly sweepSavedNames: PeopleTransaction['sweepSavedNames'] = async (_id, { jobId, startedAt }, at) => {
    const seen = this.sightings.get(`${jobId}/contact`) ?? new Set();
    this.sightings.delete(`${jobId}/contact`);
    const unsaved = [...this.contactsHeld].filter(
      ([id, { listed, changedAt }]) => !seen.has(id) && changedAt < startedAt && (listed.names.saved ?? null) !== null,
    );
    for (const [id, held] of unsaved) {
      const names = { ...held.listed.names, saved: null };
      this.contactsHeld.set(id, { ...held, listed: { ...held.listed, names }, changedAt: at });
    }
    return unsaved.length;
  };

  readonly sweepGroups: PeopleTransaction['sweepGroups'] = async (_id, survey, at) =>
    this.#sweep(this.groupsHeld, survey, 'group', at);

  readonly sweepMembers: PeopleTransaction['sweepMembers'] = async (_id, group, survey, at) =>
    this.#sweep(this.#members(group), survey, `member/${group}`, at);

  readonly forgetSurvey: PeopleTransaction['forgetSurvey'] = async (jobId) => {
    for (const what of this.sightings.keys()) if (what.startsWith(`${jobId}/`)) this.sightings.delete(what);
  };

  readonly markContactsGone: PeopleTransaction['markContactsGone'] = async (_id, externalIds, at) =>
    mark(this.contactsHeld, at, (id) => externalIds.map((one) => this.#resolved(one)).includes(id));

  readonly amendGroups: PeopleTransaction['amendGroups'] = async (_id, groups, at) => {
    const known = groups.flatMap((group) => {
      const held = this.groupsHeld.get(group.externalId);
      if (held === undefined) return [];
      const metadata = { ...held.listed.metadata, ...group.metadata };
      return [[group.externalId, { ...held.listed, ...group, metadata }] as const];
    });
    return store(this.groupsHeld, known, at).updated;
  };

  readonly markGroupsLeft: PeopleTransaction['markGroupsLeft'] = async (_id, externalIds, at) =>
    mark(this.groupsHeld, at, (id) => externalIds.includes(id));

  readonly markMembersLeft: PeopleTransaction['markMembersLeft'] = async (_id, group, externalIds, at) =>
    mark(this.#members(group), at, (id) => externalIds.map((one) => this.#resolved(one)).includes(id));

  readonly countContacts: PeopleTransaction['countContacts'] = async () =>
    [...this.contactsHeld.values()].filter(({ goneAt }) => goneAt === null).length;
}
