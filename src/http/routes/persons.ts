import { Effect, Schema } from 'effect';
import { EventView } from '../../domain/event-view.ts';
import { IdentityId, PersonId } from '../../domain/ids.ts';
import { IN_WORDS } from '../../domain/in-words.ts';
import { LinkView, PersonDetails, PersonView } from '../../domain/person-view.ts';
import { parsePhone } from '../../domain/phone.ts';
import { refuse } from '../decode-input.ts';
import { route } from '../route.ts';
import { created, many, one } from '../shape.ts';
import { given, nameOfAtMost, pageFields, pageOf, Search } from './fields.ts';

const ofPerson = Schema.Struct({ personId: PersonId });

const Name = nameOfAtMost(200).annotate({
  description: 'What the person is called; wins over what its accounts are called.',
});

const Phone = Schema.String.check(
  Schema.isMaxLength(50, { message: 'must be at most 50 characters' }),
  Schema.makeFilter(
    (value) =>
      parsePhone(value) !== null ||
      'must be a phone number with its country code, in any notation, such as +49 151 12345678',
    IN_WORDS,
  ),
).annotate({ description: 'With the country code, in any notation.' });

const Why = Schema.optionalKey(
  Schema.String.check(Schema.isBetweenLength(1, 500, { message: 'must be 1 to 500 characters' })).annotate({
    description: 'Kept in the history of links.',
  }),
);

/** How much of a person's timeline is shown with the person. */
const TIMELINE_SHOWN = 20;

const PersonWithTimeline = Schema.Struct({
  ...PersonDetails.fields,
  timeline: Schema.Array(EventView).annotate({
    description: `The newest ${TIMELINE_SHOWN}; GET …/timeline lists all of it.`,
  }),
});

const BY_API = 'asked for through the API';

/** Parsed when the schema checked it; absent and null stay what they are. */
const e164 = (phone: string | null | undefined) => (typeof phone === 'string' ? parsePhone(phone) : phone);

export const personRoutes = [
  route({
    method: 'GET',
    path: '/persons',
    summary:
      'Lists persons, or finds them by name, handle or phone (in any notation), best match first; where nothing matches, similar names.',
    query: Schema.Struct({ ...pageFields, search: Schema.optionalKey(Search) }),
    answer: many(PersonView),
    handle: ({ query }, deps) => deps.people.persons(given('search', query.search), pageOf(query)),
  }),
  route({
    method: 'POST',
    path: '/persons',
    summary: 'Makes a person. Contacts with its phone that come later are linked to it.',
    body: Schema.Struct({ name: Name, phone: Schema.optionalKey(Schema.NullOr(Phone)) }),
    answer: created(PersonDetails),
    handle: ({ body: { name, phone } }, deps) => deps.people.create({ name, phone: e164(phone) ?? null }, deps.clock()),
  }),
  route({
    method: 'POST',
    path: '/persons/merge',
    summary: 'Makes one person of several. Accounts, phones and history of those in `from` move to `into`.',
    body: Schema.Struct({
      into: PersonId,
      from: Schema.Array(PersonId).check(Schema.isBetweenLength(1, 100, { message: 'must name 1 to 100 persons' })),
      why: Why,
    }),
    answer: one(PersonDetails),
    handle: ({ body: { into, from, why = BY_API } }, deps) => deps.people.merge(into, from, why, deps.clock()),
  }),
  route({
    method: 'POST',
    path: '/persons/link',
    summary: 'Says whose an account is. No sync changes that from then on.',
    body: Schema.Struct({ identityId: IdentityId, personId: PersonId, why: Why }),
    answer: one(PersonDetails),
    handle: ({ body: { identityId, personId, why = BY_API } }, deps) =>
      deps.people.link(identityId, personId, why, deps.clock()),
  }),
  route({
    method: 'POST',
    path: '/persons/unlink',
    summary:
      'Says that an account is not that person’s. It goes back to who it was before, or becomes somebody new: the answer is that person.',
    body: Schema.Struct({ identityId: IdentityId, why: Why }),
    answer: one(PersonDetails),
    handle: ({ body: { identityId, why = BY_API } }, deps) => deps.people.unlink(identityId, why, deps.clock()),
  }),
  route({
    method: 'GET',
    path: '/persons/:personId',
    summary:
      'Shows a person with accounts, groups and the newest of its timeline. Of one that was merged, the person that it became.',
    params: ofPerson,
    answer: one(PersonWithTimeline),
    handle: ({ params: { personId } }, deps) =>
      Effect.gen(function* () {
        const person = yield* deps.people.person(personId);
        const { items: timeline } = yield* deps.people.timeline(personId, { limit: TIMELINE_SHOWN, cursor: null });
        return { ...person, timeline };
      }),
  }),
  route({
    method: 'PATCH',
    path: '/persons/:personId',
    summary: 'Names a person, or gives it a phone; null takes either away.',
    params: ofPerson,
    body: Schema.Struct({
      name: Schema.optionalKey(Schema.NullOr(Name)),
      phone: Schema.optionalKey(Schema.NullOr(Phone)),
    }),
    answer: one(PersonDetails),
    handle: ({ params: { personId }, body: { name, phone } }, deps) =>
      name === undefined && phone === undefined
        ? Effect.fail(refuse([{ field: 'body', message: 'names nothing to change; known are name, phone' }]))
        : deps.people.update(personId, { ...given('name', name), ...given('phone', e164(phone)) }, deps.clock()),
  }),
  route({
    method: 'GET',
    path: '/persons/:personId/timeline',
    summary: 'Lists what a person wrote on all channels, and its direct conversations, newest first.',
    params: ofPerson,
    query: Schema.Struct(pageFields),
    answer: many(EventView),
    handle: ({ params: { personId }, query }, deps) => deps.people.timeline(personId, pageOf(query)),
  }),
  route({
    method: 'GET',
    path: '/persons/:personId/links',
    summary: 'Lists who linked which account to a person, or away from it, and why, newest first.',
    params: ofPerson,
    query: Schema.Struct(pageFields),
    answer: many(LinkView),
    handle: ({ params: { personId }, query }, deps) => deps.people.links(personId, pageOf(query)),
  }),
];
