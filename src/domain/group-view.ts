import { Schema } from 'effect';
import { GroupKind, MemberRole } from './group.ts';
import { GroupId, IdentityId, InstanceId, PersonId } from './ids.ts';

/** A group as the API shows it. Times in ISO 8601. */
export const GroupView = Schema.Struct({
  id: GroupId,
  instanceId: InstanceId,
  externalId: Schema.String,
  kind: GroupKind,
  parentExternalId: Schema.NullOr(Schema.String),
  name: Schema.NullOr(Schema.String),
  description: Schema.NullOr(Schema.String),
  ownerExternalId: Schema.NullOr(Schema.String),
  /** As the platform says; null: it does not. */
  memberCount: Schema.NullOr(Schema.Number),
  metadata: Schema.Record(Schema.String, Schema.Unknown),
  /** When it came into being, as the platform says; null: it does not. */
  createdAt: Schema.NullOr(Schema.String),
  updatedAt: Schema.String,
  /** Since when the account is not in it any more, or it is deleted; null: it is there. */
  leftAt: Schema.NullOr(Schema.String),
});
export type GroupView = typeof GroupView.Type;

export const MemberView = Schema.Struct({
  groupId: GroupId,
  /** Of the contact. */
  externalId: Schema.String,
  role: MemberRole,
  nick: Schema.NullOr(Schema.String),
  joinedAt: Schema.NullOr(Schema.String),
  leftAt: Schema.NullOr(Schema.String),
  /** Null: no such contact is stored (yet). */
  identityId: Schema.NullOr(IdentityId),
  personId: Schema.NullOr(PersonId),
  /** What the contact is shown as. */
  name: Schema.NullOr(Schema.String),
});
export type MemberView = typeof MemberView.Type;
