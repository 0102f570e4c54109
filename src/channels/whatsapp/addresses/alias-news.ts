import type { LearnedAlias } from '../../../domain/contact.ts';
import type { VaultEntry } from '../../session-vault.ts';
import { aliasOf, isPair } from './address-book.ts';

/**
 * Baileys keeps each mapping twice: phone -> LID, and, under a name that ends so, LID -> phone (its `lid-mapping.js`).
 */
const REVERSE = '_reverse';

/** The alias that a kept mapping tells; null for its reverse, and for everything else. */
export const aliasIn = ({ kind, name, value }: VaultEntry): LearnedAlias | null => {
  if (kind !== 'lid-mapping' || name.endsWith(REVERSE) || value === null) return null;
  const lid: unknown = JSON.parse(value);
  const pair = { lid: `${lid}@lid`, pn: `${name}@s.whatsapp.net` };
  return typeof lid === 'string' && isPair(pair) ? aliasOf(pair) : null;
};

/** Gathers the aliases of one write, which is told of entry by entry. */
export class AliasNews {
  readonly #tell: (aliases: readonly LearnedAlias[]) => void;
  #gathered: LearnedAlias[] = [];

  constructor(tell: (aliases: readonly LearnedAlias[]) => void) {
    this.#tell = tell;
  }

  readonly stored = (entry: VaultEntry): void => {
    const alias = aliasIn(entry);
    if (alias === null) return;
    if (this.#gathered.length === 0) queueMicrotask(() => this.#tell(this.#gathered.splice(0)));
    this.#gathered.push(alias);
  };
}
