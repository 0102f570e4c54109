import { Schema } from 'effect';
import { ExternalId } from './ids.ts';

const Told = Schema.optionalKey(Schema.NullOr(Schema.String));

/**
 * What a contact is called, by who says so. Absent: this listing does not tell, and what is held stays; null: there is
 * none.
 */
export const ContactNames = Schema.Struct({
  /** In the address book of the account. */
  saved: Told,
  /** Of a business, checked by the platform. */
  verified: Told,
  /** What the contact calls itself. */
  pushed: Told,
});
export type ContactNames = typeof ContactNames.Type;

/** A contact as a channel lists it. */
export const ListedContact = Schema.Struct({
  /** A Discord user id; a WhatsApp phone address, or the LID where the phone is not known. */
  externalId: ExternalId,
  /** Other external ids of the same account, such as its LID. */
  aliases: Schema.Array(ExternalId),
  /** The unique name by which the platform lets it be found. Absent: not told. */
  handle: Told,
  names: ContactNames,
  /** E.164 (`phone.ts`); null: not known. A phone that is held is never forgotten. */
  phone: Schema.NullOr(Schema.String),
  isBot: Schema.Boolean,
  /** Small JSON, shown as it is. Absent: not told. */
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
});
export type ListedContact = typeof ListedContact.Type;

/** Of one contact that was told in pieces: what was told later wins, and what it does not tell stays. */
export const completed = (before: ListedContact, later: ListedContact): ListedContact => ({
  ...before,
  ...later,
  aliases: [...new Set([...before.aliases, ...later.aliases])],
  names: { ...before.names, ...later.names },
  phone: later.phone ?? before.phone,
});

/** An alias that turned out to belong to an account: a WhatsApp LID and the phone address behind it. */
export const LearnedAlias = Schema.Struct({
  alias: ExternalId,
  externalId: ExternalId,
  /** E.164, or null where the external id has none. */
  phone: Schema.NullOr(Schema.String),
});
export type LearnedAlias = typeof LearnedAlias.Type;

interface Named {
  readonly names: ContactNames;
  readonly handle?: string | null;
  readonly phone: string | null;
}

const isTold = (name: string | null | undefined): name is string => typeof name === 'string' && name.trim() !== '';

/** What a contact is shown as: saved before verified before pushed name, then handle, then phone. */
export const displayNameOf = ({ names: { saved, verified, pushed }, handle, phone }: Named): string | null =>
  [saved, verified, pushed, handle, phone].find(isTold) ?? null;
