import { cleanText } from '../values/clean-text.ts';

/** An ILIKE pattern that finds `search` anywhere, and takes nothing in it for a wildcard. */
export const searchPattern = (search: string): string => `%${cleanText(search).replace(/[\\%_]/g, '\\$&')}%`;
