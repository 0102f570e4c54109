import type { GroupMetadata } from '@whiskeysockets/baileys';
import { Effect } from 'effect';
import type { ListedContact } from '../../domain/contact.ts';
import { messageOf } from '../../domain/errors.ts';
import type { PeoplePage, PeopleSurvey } from '../channel.ts';
import { BadAnswer, type PlatformFailure, RateLimited, Unreachable } from '../platform-failure.ts';
import type { AddressBook, Pair } from './addresses/address-book.ts';
import { mergeContacts } from './mapping/contact-mapping.ts';
import { addressesOfGroup, contactsOfGroup, groupOf, membersOf, pairsOfGroup } from './mapping/group-mapping.ts';

export interface PeopleOf {
  /** Rejects with what the server said. */
  readonly fetchGroups: () => Promise<readonly GroupMetadata[]>;
  readonly book: AddressBook;
  readonly learn: (told: { readonly pairs: readonly Pair[]; readonly chats: readonly string[] }) => Promise<void>;
  readonly now: () => number;
}

const page = (requestedAt: number, told: Partial<PeoplePage>): PeoplePage => ({
  groups: [],
  contacts: [],
  members: [],
  completed: { groups: false, contacts: false, membersOf: [] },
  onlyPushed: false,
  nextCursor: null,
  problems: [],
  requestedAt,
  quota: null,
  ...told,
});

/** What a failed query means: Baileys throws the server's words and its code as `data`. */
export const queryFailureOf =
  (of: 'groups' | 'contacts') =>
  (error: unknown): PlatformFailure => {
    if (error instanceof BadAnswer) return error;
    const data = typeof error === 'object' && error !== null && 'data' in error ? error.data : null;
    const words = messageOf(error, 'unknown reason');
    if (data === 429 || words.includes('rate-overlimit'))
      return new RateLimited({ scope: 'instance', retryAfterMs: null, message: `WhatsApp limits queries of ${of}.` });
    if (typeof data === 'number')
      return new BadAnswer({ message: `WhatsApp refused the query of ${of}: ${words} (${data}).`, raw: null });
    return new Unreachable({ message: `The ${of} could not be queried: ${words.slice(0, 200)}` });
  };

export interface AddressBookRead {
  readonly contacts: readonly ListedContact[];
  /** Whether Baileys read all of it: what it cannot decrypt it leaves out. */
  readonly isWhole: boolean;
}

export interface ContactsOf {
  /** Null: it cannot be read. */
  readonly readAddressBook: () => Promise<AddressBookRead | null>;
  /** When history that the phone sends by itself may be complete, ms; null: it is. */
  readonly arrivesUntil: (now: number) => number | null;
  readonly now: () => number;
}

/**
 * The names that the owner saved, read anew. All other contacts cannot be asked for: they come with history, messages
 * and groups.
 */
export const contactSurvey = ({ readAddressBook, arrivesUntil, now }: ContactsOf): PeopleSurvey => ({
  read: Effect.fnUntraced(function* () {
    const requestedAt = now();
    const until = arrivesUntil(requestedAt);
    if (until !== null) return page(requestedAt, { nextCursor: 'arriving', arrivesUntil: until });
    const book = yield* Effect.tryPromise({ try: readAddressBook, catch: queryFailureOf('contacts') });
    const told = book?.contacts ?? [];
    // A book without a single name is more likely one that the phone has yet to write anew.
    const isWhole = book?.isWhole === true && told.some(({ names }) => names.saved);
    // Whom it tells of without a saved name has none any more: while Baileys buffers, it drops that a name was removed.
    const contacts = isWhole ? told.map(withoutUntoldName) : told;
    return page(requestedAt, {
      contacts,
      completed: { groups: false, contacts: false, ...(isWhole ? { savedNames: true } : {}), membersOf: [] },
      onlyPushed: true,
    });
  }),
});

const withoutUntoldName = (contact: ListedContact): ListedContact =>
  contact.names.saved === undefined ? { ...contact, names: { ...contact.names, saved: null } } : contact;

/** All groups with all their members, in one query: nothing is saved by leaving the members out. */
export const groupSurvey = ({ fetchGroups, book, learn, now }: PeopleOf): PeopleSurvey => ({
  read: Effect.fnUntraced(function* () {
    const requestedAt = now();
    const groups = yield* Effect.tryPromise({ try: fetchGroups, catch: queryFailureOf('groups') });
    const pairs = groups.flatMap(pairsOfGroup);
    yield* Effect.promise(() => learn({ pairs, chats: [] }));
    const canonical = yield* Effect.promise(() => book.lookUp(groups.flatMap(addressesOfGroup), pairs));
    const members = groups.map((group) => membersOf(group, canonical));
    return page(requestedAt, {
      groups: groups.map((group) => groupOf(group, canonical)),
      contacts: mergeContacts(groups.flatMap((group) => contactsOfGroup(group, canonical))),
      members,
      completed: { groups: true, contacts: false, membersOf: members.map(({ groupExternalId }) => groupExternalId) },
    });
  }),
});
