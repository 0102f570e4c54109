/** The JSON of a control request. */
export type Body = Record<string, unknown>;
export type Action = (body: Body) => unknown;

export const textOf = (body: Body, field: string): string => {
  const value = body[field];
  if (typeof value !== 'string') throw new TypeError(`${field} must be a string.`);
  return value;
};

/** The named fields that are there, checked to be texts (or null, where that says something). */
export const someTexts = <Field extends string>(
  body: Body,
  fields: readonly Field[],
): { readonly [Name in Field]?: string | null } => {
  const there = fields.filter((field) => body[field] !== undefined);
  const odd = there.find((field) => body[field] !== null && typeof body[field] !== 'string');
  if (odd !== undefined) throw new TypeError(`${odd} must be a string or null.`);
  return Object.fromEntries(there.map((field) => [field, body[field]])) as { readonly [Name in Field]?: string | null };
};
