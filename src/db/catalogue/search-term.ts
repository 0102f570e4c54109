import { cleanName } from '../values/clean-text.ts';

/** What somebody wants to find, as names are stored. Empty: nothing. */
export const searchTerm = (search: string): string => cleanName(search).trim();

/** Of people: platforms show handles with an `@` before them, which is no part of them. */
export const peopleTerm = (search: string): string => searchTerm(search).replace(/^@+(?=.)/u, '');
