import { isLidUser, isPnUser } from '@whiskeysockets/baileys';
import { type LearnedAlias, LearnedAlias as LearnedAliasSchema } from '../../../domain/contact.ts';
import { ExternalId } from '../../../domain/ids.ts';
import { phoneOf, plainJid } from './jid.ts';

/** The canonical form of an address: the phone address where it is known, else the LID; groups as they are. */
export type Canonical = (jid: string | null | undefined) => string;

export interface Pair {
  readonly lid: string;
  readonly pn: string;
}

/** The addresses of the account itself. */
export interface OwnAddresses {
  readonly id?: string | undefined;
  readonly lid?: string | undefined;
}

export interface AddressBookOf {
  readonly own: () => OwnAddresses | undefined;
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

/**
 * Whether exactly one side is our own: such a pair would make somebody else's chat part of ours, for good. Baileys
 * makes one of a stanza of ours to a LID chat that names our number as its sender's (`remoteJidAlt`, its
 * `messages-recv.js`).
 */
export const tearsOwn = (own: OwnAddresses | undefined, { lid, pn }: Pair): boolean =>
  Boolean(own?.id && own.lid) && (plainJid(own?.lid) === plainJid(lid)) !== (plainJid(own?.id) === plainJid(pn));

/** What is known of LIDs and phone addresses at the moment. */
export class AddressBook {
  readonly #of: AddressBookOf;

  constructor(of: AddressBookOf) {
    this.#of = of;
  }

  get ownJid(): string {
    return plainJid(this.#of.own()?.id);
  }

  /** Whether somebody's LID and phone address can be these. */
  accepts(pair: Pair): boolean {
    return isPair(pair) && !tearsOwn(this.#of.own(), pair);
  }

  /** Looks these addresses up, `also` before anything else; what the result is asked for later must be among them. */
  async lookUp(jids: Iterable<string>, also: Iterable<Pair> = []): Promise<Canonical> {
    const known = new Map<string, string>();
    const ownLid = plainJid(this.#of.own()?.lid);
    if (ownLid !== '') known.set(ownLid, this.ownJid);
    for (const pair of also) if (this.accepts(pair)) known.set(plainJid(pair.lid), plainJid(pair.pn));
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
