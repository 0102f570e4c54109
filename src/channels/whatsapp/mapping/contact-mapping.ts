import { type ContactNames, completed, type ListedContact } from '../../../domain/contact.ts';
import { ExternalId } from '../../../domain/ids.ts';
import type { Canonical } from '../addresses/address-book.ts';
import { isPerson, phoneOf, plainJid } from '../addresses/jid.ts';

/** A contact in the words of Baileys: `id` and any other address of it, and its names. */
export interface ToldContact {
  readonly id: string;
  readonly lid?: string | null | undefined;
  readonly phoneNumber?: string | null | undefined;
  readonly names: ContactNames;
  readonly username?: string | null | undefined;
}

/** Every address of it that has to be looked up. */
export const addressesOf = ({ id, lid, phoneNumber }: ToldContact): readonly string[] =>
  [id, lid, phoneNumber].flatMap((jid) => jid ?? []);

/** Null for what is no person: group ids turn up among contacts. */
export const contactOf = (told: ToldContact, canonical: Canonical): ListedContact | null => {
  const addresses = [...new Set(addressesOf(told).map(plainJid))].filter(isPerson);
  const resolved = addresses.map(canonical);
  const externalId = resolved.find((jid) => phoneOf(jid) !== null) ?? resolved[0];
  if (externalId === undefined) return null;
  const aliases = addresses.filter((jid) => jid !== externalId).map((jid) => ExternalId.make(jid));
  return {
    externalId: ExternalId.make(externalId),
    aliases,
    ...(told.username ? { handle: told.username } : {}),
    names: told.names,
    phone: phoneOf(externalId),
    isBot: false,
  };
};

/** Only names that are told: an absent one leaves what is held. */
export const namesOf = (names: {
  readonly saved?: string | null | undefined;
  readonly verified?: string | null | undefined;
  readonly pushed?: string | null | undefined;
}): ContactNames => ({
  ...(names.saved ? { saved: names.saved } : {}),
  ...(names.verified ? { verified: names.verified } : {}),
  ...(names.pushed ? { pushed: names.pushed } : {}),
});

/** Of what was told in pieces, one contact each; what was told later wins. */
export const mergeContacts = (contacts: readonly ListedContact[]): readonly ListedContact[] => {
  const merged = new Map<string, ListedContact>();
  for (const contact of contacts) {
    const before = merged.get(contact.externalId);
    merged.set(contact.externalId, before === undefined ? contact : completed(before, contact));
  }
  return [...merged.values()];
};
