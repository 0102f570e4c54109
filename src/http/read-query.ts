import { Result } from 'effect';
import { Denied } from './denied.ts';
import { isStorable } from './read-body.ts';

const bad = (field: string, message: string): Result.Result<never, Denied> =>
  Result.fail(new Denied({ status: 400, code: 'invalid_query', message: `${field}: ${message}`, details: { field } }));

/**
 * Reads a query string strictly: a parameter that comes twice or is badly encoded is refused, not guessed at.
 * An empty value counts as absent, as forms send it.
 */
export const readQuery = (url: string): Result.Result<Record<string, string>, Denied> => {
  const query: Record<string, string> = Object.create(null);
  const start = url.indexOf('?');
  for (const pair of start < 0 ? [] : url.slice(start + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodePart(equals < 0 ? pair : pair.slice(0, equals));
    const value = decodePart(equals < 0 ? '' : pair.slice(equals + 1));
    if (name === null) return bad('query', 'a parameter name is not valid percent-encoded UTF-8');
    if (value === null) return bad(name.slice(0, 100), 'is not valid percent-encoded UTF-8 without NUL');
    if (name in query) return bad(name.slice(0, 100), 'is given more than once');
    if (value !== '') query[name] = value;
  }
  return Result.succeed({ ...query });
};

const decodePart = (part: string): string | null => {
  try {
    const text = decodeURIComponent(part.replaceAll('+', ' '));
    return isStorable(text) ? text : null;
  } catch {
    return null;
  }
};
