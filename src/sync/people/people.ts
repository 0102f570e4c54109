import type { Effect } from 'effect';
import type { Refused, StoreUnavailable } from '../../domain/errors.ts';
import type { EventView } from '../../domain/event-view.ts';
import type { GroupKind } from '../../domain/group.ts';
import type { GroupView, MemberView } from '../../domain/group-view.ts';
import type { GroupId, IdentityId, InstanceId, PersonId } from '../../domain/ids.ts';
import type { PageOf, PageRequest } from '../../domain/page.ts';
import type { IdentityView, LinkView, PersonDetails, PersonView } from '../../domain/person-view.ts';

type Asked<A> = Effect.Effect<A, Refused | StoreUnavailable>;

/**
 * What may be read of contacts, groups and persons. Whoever asks for a person that was merged gets the one it became.
 */
export interface PeopleCatalogue {
  /**
   * In the order in which they became known; with a search, best match first: a whole name, handle or phone, then the
   * beginning of one, of a word, then anywhere; where nothing contains it, what is similar. Phones in any notation.
   */
  readonly persons: (filter: { readonly search?: string }, page: PageRequest) => Asked<PageOf<PersonView>>;
  readonly person: (id: PersonId) => Asked<PersonDetails>;
  /** What the person wrote anywhere, and all of its direct conversations, newest first. */
  readonly timeline: (id: PersonId, page: PageRequest) => Asked<PageOf<EventView>>;
  /** Who linked which identity to the person, or away from it, and why; newest first. */
  readonly links: (id: PersonId, page: PageRequest) => Asked<PageOf<LinkView>>;
  /** By external id. What is gone is left out unless asked for. */
  readonly contacts: (
    instanceId: InstanceId,
    filter: { readonly search?: string; readonly includeLeft?: boolean },
    page: PageRequest,
  ) => Asked<PageOf<IdentityView>>;
  readonly groups: (
    instanceId: InstanceId,
    filter: { readonly search?: string; readonly kind?: GroupKind; readonly includeLeft?: boolean },
    page: PageRequest,
  ) => Asked<PageOf<GroupView>>;
  readonly members: (
    instanceId: InstanceId,
    groupId: GroupId,
    filter: { readonly search?: string; readonly includeLeft?: boolean },
    page: PageRequest,
  ) => Asked<PageOf<MemberView>>;
}

/** Persons as people put them right. Every change is told by `links`. Instants in ms, phones in E.164. */
export interface PersonRegistry {
  /** Refuses with 409 a phone that somebody has. Contacts with it that come later belong to this person. */
  readonly create: (
    person: { readonly name: string; readonly phone: string | null },
    at: number,
  ) => Asked<PersonDetails>;
  readonly update: (
    id: PersonId,
    change: { readonly name?: string | null; readonly phone?: string | null },
    at: number,
  ) => Asked<PersonDetails>;
  /** Everything of `from` moves to `into`, which stays, and keeps the name that it is shown with. */
  readonly merge: (into: PersonId, from: readonly PersonId[], why: string, at: number) => Asked<PersonDetails>;
  /** No sync changes the link from now on. Answers with the person. */
  readonly link: (identityId: IdentityId, personId: PersonId, why: string, at: number) => Asked<PersonDetails>;
  /**
   * Gives the identity back to who it was before it was merged or linked here: whom the merge brought it with, or who
   * has its phone or account; or else to somebody new. Answers with that person.
   */
  readonly unlink: (identityId: IdentityId, why: string, at: number) => Asked<PersonDetails>;
}

export type People = PeopleCatalogue & PersonRegistry;
