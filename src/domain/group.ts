import { Schema } from 'effect';
import { ExternalId } from './ids.ts';

/** A WhatsApp group or community, a Discord guild or one of its channels. */
export const GroupKind = Schema.Literals(['group', 'community', 'guild', 'channel']);
export type GroupKind = typeof GroupKind.Type;

/** A group as a channel lists it. */
export const ListedGroup = Schema.Struct({
  externalId: ExternalId,
  kind: GroupKind,
  /** The community of a group, the guild of a channel; null where there is none. */
  parentExternalId: Schema.NullOr(ExternalId),
  name: Schema.NullOr(Schema.String),
  /** The description of a group, the topic of a channel. */
  description: Schema.NullOr(Schema.String),
  ownerExternalId: Schema.NullOr(ExternalId),
  /** When it came into being, ms; null: the platform does not tell. */
  createdAt: Schema.NullOr(Schema.Number),
  memberCount: Schema.NullOr(Schema.Number),
  /** Settings and whatever else is worth showing: small JSON, which counts as changed when any of it is. */
  metadata: Schema.Record(Schema.String, Schema.Unknown),
});
export type ListedGroup = typeof ListedGroup.Type;

/** What changed about a group that is known. Absent: that did not. */
export const AmendedGroup = Schema.Struct({
  externalId: ExternalId,
  name: Schema.optionalKey(Schema.NullOr(Schema.String)),
  description: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** Entries that are not named stay. */
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
});
export type AmendedGroup = typeof AmendedGroup.Type;

export const MemberRole = Schema.Literals(['owner', 'admin', 'member']);
export type MemberRole = typeof MemberRole.Type;

/** A member as a channel lists it with its group. */
export const ListedMember = Schema.Struct({
  /** An alias is as good as the external id that it stands for. */
  contactExternalId: ExternalId,
  role: MemberRole,
  /** What it is called in this group. */
  nick: Schema.NullOr(Schema.String),
  /** ms; null: the platform does not tell, and what is held stays. */
  joinedAt: Schema.NullOr(Schema.Number),
});
export type ListedMember = typeof ListedMember.Type;
