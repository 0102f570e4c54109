import type { ListedContact } from '../../../src/domain/contact.ts';
import { contact } from '../../contract/store-driver.ts';
import { Chance } from '../../simulators/discord/chance.ts';

/*
 * A crowd whose names are as unevenly spread as real ones are: a few first names are those of thousands, most last
 * names those of a handful.
 */

const SYLLABLES: readonly [string, ...string[]] = [
  ...['an', 'na', 'jo', 'hn', 'mi', 'cha', 'el', 'sa', 'ra', 'da', 'vid', 'ma', 'ri', 'a', 'pe', 'ter', 'li', 'sa'],
  ...['tho', 'mas', 'ka', 'rin', 'be', 'ne', 'dikt', 'su', 'le', 'on', 'ka', 'to', 'fri', 'schmi', 'dt', 'mül', 'ler'],
  ...['ber', 'ger', 'stein', 'ho', 'fer', 'wag', 'ner', 'kova', 'ski', 'son', 'wil', 'gar', 'cia', 'ro', 'dri', 'guez'],
] as never;

const FIRST_NAMES = 1_500;
const LAST_NAMES = 20_000;

const nameOf = (chance: Chance): string => {
  const syllables = Array.from({ length: 2 + chance.below(2) }, () => chance.pick(SYLLABLES)).join('');
  return syllables.charAt(0).toUpperCase() + syllables.slice(1);
};

/** Small numbers often, large ones seldom: the n-th most common name is about n times as rare as the first. */
const commonness = (chance: Chance, bound: number): number => Math.floor(bound ** chance.next()) - 1;

export interface Crowd {
  readonly contactsFrom: (first: number, count: number) => readonly ListedContact[];
  /** What somebody might type who looks for one of them. */
  readonly term: () => string;
}

export const crowdOf = (size: number, seed: number): Crowd => {
  const naming = new Chance(seed);
  const firstNames = Array.from({ length: FIRST_NAMES }, () => nameOf(naming));
  const lastNames = Array.from({ length: LAST_NAMES }, () => nameOf(naming));
  const personOf = (n: number) => {
    const chance = new Chance(seed ^ (n * 2_654_435_761));
    const first = firstNames[commonness(chance, FIRST_NAMES)] ?? 'Nobody';
    const last = lastNames[commonness(chance, LAST_NAMES)] ?? 'Nowhere';
    const handle = `${first}.${last}${chance.below(1_000)}`.toLowerCase();
    return { first, last, handle, phone: `+4915${1_000_000_000 + n}` };
  };
  const asking = new Chance(seed + 1);
  const kinds = [
    ({ first }: ReturnType<typeof personOf>) => first,
    ({ last }: ReturnType<typeof personOf>) => last,
    ({ first, last }: ReturnType<typeof personOf>) => `${first} ${last}`,
    ({ first, last }: ReturnType<typeof personOf>) => `${first} ${last.slice(0, 2)}`.toLowerCase(),
    ({ last }: ReturnType<typeof personOf>) => last.slice(0, 3),
    ({ handle }: ReturnType<typeof personOf>) => handle,
    ({ phone }: ReturnType<typeof personOf>) => `0${phone.slice(3, 6)} ${phone.slice(6)}`,
    ({ phone }: ReturnType<typeof personOf>) => phone.slice(-7),
    // Two letters changed places.
    ({ last }: ReturnType<typeof personOf>) => `${last.slice(0, 2)}${last.charAt(3)}${last.charAt(2)}${last.slice(4)}`,
  ];
  let asked = 0;
  return {
    contactsFrom: (from, count) =>
      Array.from({ length: Math.min(count, size - from) }, (_, index) => {
        const { first, last, handle, phone } = personOf(from + index);
        return contact(`account-${from + index}`, {
          names: { pushed: `${first} ${last}` },
          handle,
          phone: (from + index) % 2 === 0 ? phone : null,
        });
      }),
    term: () => {
      const of = kinds[asked++ % kinds.length];
      // Those with a phone.
      return of?.(personOf(asking.below(size / 2) * 2)) ?? '';
    },
  };
};
