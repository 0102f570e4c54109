/** What stands where a secret stood. */
const REDACTED = '[redacted]';

const MAX_DEPTH = 8;
const MAX_ITEMS = 100;
const MAX_TEXT = 8_000;
/** Read beyond the end, so that a secret that straddles it is still seen whole. */
const MARGIN = 300;

const SECRET_NAME = /(token|password|passwd|secret|cookie|authorization|credentials?|apikey|secretkey(previous)?)$/;

/**
 * Secrets inside text: what follows `Bot`/`Bearer`, a URL's password, a Discord token wherever it stands. Each
 * pattern is bounded or anchored by what stands before it, so that a long text costs time in line with its length.
 */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\b(Bot|Bearer)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,200}):[^\s/]+@/gi, `$1:${REDACTED}@`],
  [/(?<![\w-])[\w-]{18,80}\.[\w-]{6,7}\.[\w-]{25,}/g, REDACTED],
];

/** Whether a field of this name is a secret, however it is written: `x-api-key`, `API_KEY`, `apiKey`. */
const isSecretName = (name: string): boolean => SECRET_NAME.test(name.toLowerCase().replaceAll(/[^a-z]/g, ''));

export const redactText = (text: string): string =>
  SECRET_TEXT.reduce(
    (clean, [pattern, instead]) => clean.replaceAll(pattern, instead),
    text.slice(0, MAX_TEXT + MARGIN),
  ).slice(0, MAX_TEXT);

/**
 * A copy that is safe to print: without secrets, of bounded size, JSON. Errors keep their stack if `stacks` is true.
 */
export const redact = (value: unknown, stacks: boolean): unknown => copy(value, stacks, 0);

const copy = (value: unknown, stacks: boolean, depth: number): unknown => {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) return copyError(value, stacks, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => copy(item, stacks, depth + 1));
  return copyFields(value, stacks, depth);
};

const copyFields = (fields: object, stacks: boolean, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields)
      .slice(0, MAX_ITEMS)
      .map(([name, value]) => [name, isSecretName(name) && value !== null ? REDACTED : copy(value, stacks, depth + 1)]),
  );

const copyError = (error: Error, stacks: boolean, depth: number): Record<string, unknown> => ({
  ...copyFields(error, stacks, depth),
  name: error.name,
  message: redactText(error.message),
  ...(stacks && error.stack !== undefined ? { stack: redactText(error.stack) } : {}),
  ...(error.cause === undefined ? {} : { cause: copy(error.cause, stacks, depth + 1) }),
});
