import { isLidUser, isPnUser } from '@whiskeysockets/baileys';
import { type LearnedAlias, LearnedAlias as LearnedAliasSchema } from '../../domain/contact.ts';
import { ExternalId } from '../../domain/ids.ts';
import { phoneOf, plainJid } from './jid.ts';

/** The canonical form of an address: the phone address where it is known, else the LID; groups as they are. */
export type Canonical = (jid: string | null | undefined) => string;

export interface Pair {
  readonly lid: string;
  readonly pn: string;
}

export interface AddressBookOf {
  /** Of the account itself. */
  readonly own: () => { readonly id?: string | undefined; readonly lid?: string | undefined } | undefined;
  /** The phone addresses behind LIDs, as far as they are known. */
  readonly pairsOf: (lids: string[]) => Promise<readonly Pair[] | null>;
}

export const aliasOf = ({ lid, pn }: Pair): LearnedAlias => {
  const externalId = plainJid(pn);
  return LearnedAliasSchema.make({
    alias: ExternalId.make(plainJid(lid)),
    externalId: ExternalId.make(externalId),
    phone: phoneOf(externalId),
  });
};

export const isPair = ({ lid, pn }: Pair): boolean =>
  isLidUser(plainJid(lid)) === true && isPnUser(plainJid(pn)) === true;

/** What is known of LIDs and phone addresses at the moment. */
export class AddressBook {
  readonly #of: AddressBookOf;

  constructor(of: AddressBookOf) {
    this.#of = of;
  }

  get ownJid(): string {
    return plainJid(this.#of.own()?.id);
  }

  /** Looks these addresses up, `also` before anything else; what the result is asked for later must be among them. */
  async lookUp(jids: Iterable<string>, also: Iterable<Pair> = []): Promise<Canonical> {
    const known = new Map<string, string>();
    const ownLid = plainJid(this.#of.own()?.lid);
    if (ownLid !== '') known.set(ownLid, this.ownJid);
    for (const pair of also) if (isPair(pair)) known.set(plainJid(pair.lid), plainJid(pair.pn));
    const unknown = [...new Set([...jids].map(plainJid))].filter((jid) => isLidUser(jid) && !known.has(jid));
    if (unknown.length > 0) {
      for (const pair of (await this.#of.pairsOf(unknown)) ?? []) known.set(plainJid(pair.lid), plainJid(pair.pn));
    }
    return (jid) => {
      const plain = plainJid(jid);
      return known.get(plain) ?? plain;
    };
  }
}
