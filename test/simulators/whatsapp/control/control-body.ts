/** Reading what a request to the control API holds. All throw `TypeError`, which names the field. */

export type Body = Record<string, unknown>;

export const optionalText = (body: Body, field: string): string | undefined => {
  const value = body[field];
  if (value !== undefined && typeof value !== 'string') throw new TypeError(`${field} must be a string.`);
  return value;
};

export const needText = (body: Body, field: string): string => {
  const value = optionalText(body, field);
  if (value === undefined) throw new TypeError(`${field} must be a string.`);
  return value;
};

export const needNumber = (body: Body, field: string): number => {
  const value = body[field];
  if (typeof value !== 'number') throw new TypeError(`${field} must be a number.`);
  return value;
};

export const needObject = (body: Body, field: string): Body => {
  const value = body[field];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${field} must be an object.`);
  return value as Body;
};
