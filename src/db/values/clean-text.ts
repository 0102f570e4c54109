/** PostgreSQL stores neither NUL nor half of a surrogate pair; platforms send both. */
export const cleanText = (text: string): string => text.replaceAll('\0', '').toWellFormed();

export const cleanTextOrNull = (text: string | null): string | null => (text === null ? null : cleanText(text));

// Every escape is consumed whole, so that an escaped backslash before "u0000" stays what it is: text.
const ESCAPE = /\\(u[0-9a-f]{4}|.)/gi;
const SUSPICIOUS = /\\u(0000|d[89a-f])/i;

const cleanEscape = (sequence: string): string => {
  if (sequence === '\\u0000') return '';
  return /^\\ud[89a-f]/i.test(sequence) ? '\ufffd' : sequence;
};

/**
 * A name that somebody reads and looks for: an accent may come as a character of its own, and looks the same. Not for
 * ids and texts, which stay as the platform has them.
 */
export const cleanName = (text: string): string => cleanText(text).normalize('NFC');

export const cleanNameOrNull = (text: string | null): string | null => (text === null ? null : cleanName(text));

/** JSON that PostgreSQL takes. `JSON.stringify` escapes NUL and lone surrogates, and nothing else in that range. */
export const cleanJson = (value: unknown): string => {
  const json = JSON.stringify(value) ?? 'null';
  return SUSPICIOUS.test(json) ? json.replace(ESCAPE, cleanEscape) : json;
};

export const cleanJsonOrNull = (value: unknown): string | null =>
  value === null || value === undefined ? null : cleanJson(value);
