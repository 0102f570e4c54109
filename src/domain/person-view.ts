import { Schema } from 'effect';
import { ChannelName } from './channel-name.ts';
import { GroupKind, MemberRole } from './group.ts';
import { GroupId, IdentityId, InstanceId, PersonId } from './ids.ts';

/**
 * Who or what linked an identity to its person: it was `new` and got a person of its own, its `phone` or its `account`
 * (the same one on another instance) was known, an `alias` was learned, or somebody did so through the `api`.
 */
export const LinkedBy = Schema.Literals(['new', 'phone', 'account', 'alias', 'api']);
export type LinkedBy = typeof LinkedBy.Type;

/** A contact of an instance: an account of the platform, and the person behind it. Times in ISO 8601. */
export const IdentityView = Schema.Struct({
  id: IdentityId,
  instanceId: InstanceId,
  channel: ChannelName,
  externalId: Schema.String,
  /** Other external ids of the same account. */
  aliases: Schema.Array(Schema.String),
  personId: PersonId,
  /** What to show: saved before verified before pushed name, then handle, then phone. */
  name: Schema.NullOr(Schema.String),
  names: Schema.Struct({
    saved: Schema.NullOr(Schema.String),
    verified: Schema.NullOr(Schema.String),
    pushed: Schema.NullOr(Schema.String),
  }),
  handle: Schema.NullOr(Schema.String),
  /** E.164. */
  phone: Schema.NullOr(Schema.String),
  isBot: Schema.Boolean,
  metadata: Schema.Record(Schema.String, Schema.Unknown),
  firstLinkedBy: LinkedBy,
  /** Linked by hand: no sync changes that. */
  pinned: Schema.Boolean,
  createdAt: Schema.String,
  updatedAt: Schema.String,
  /** Since when the platform does not list it any more; null: it does. */
  removedAt: Schema.NullOr(Schema.String),
});
export type IdentityView = typeof IdentityView.Type;

const person = {
  id: PersonId,
  /** What to show: the given name, or else the best that an identity has. */
  name: Schema.NullOr(Schema.String),
  /** By hand, through the API. */
  givenName: Schema.NullOr(Schema.String),
  /** E.164. No two persons have the same. */
  phone: Schema.NullOr(Schema.String),
  madeBy: Schema.Literals(['sync', 'api']),
  identities: Schema.Array(IdentityView),
  createdAt: Schema.String,
  updatedAt: Schema.String,
};

/** One human being (or bot, or business) behind any number of accounts. */
export const PersonView = Schema.Struct(person);
export type PersonView = typeof PersonView.Type;

/** A group in which one of a person's identities is. */
export const Membership = Schema.Struct({
  groupId: GroupId,
  instanceId: InstanceId,
  identityId: IdentityId,
  externalId: Schema.String,
  kind: GroupKind,
  name: Schema.NullOr(Schema.String),
  role: MemberRole,
  nick: Schema.NullOr(Schema.String),
  joinedAt: Schema.NullOr(Schema.String),
});
export type Membership = typeof Membership.Type;

export const PersonDetails = Schema.Struct({ ...person, groups: Schema.Array(Membership) });
export type PersonDetails = typeof PersonDetails.Type;

/** One change of who is behind an account. */
export const LinkView = Schema.Struct({
  at: Schema.String,
  /** Null: two persons were merged. */
  identityId: Schema.NullOr(IdentityId),
  instanceId: Schema.NullOr(InstanceId),
  externalId: Schema.NullOr(Schema.String),
  /** Null: the first link of an identity. */
  fromPersonId: Schema.NullOr(PersonId),
  toPersonId: PersonId,
  by: LinkedBy,
  why: Schema.String,
});
export type LinkView = typeof LinkView.Type;
