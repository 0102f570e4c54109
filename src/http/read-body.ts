import { Result } from 'effect';
import { messageOf } from '../domain/errors.ts';
import { Denied } from './denied.ts';

/** A body larger than this is refused with 413. */
export const BODY_LIMIT_BYTES = 1_048_576;

/** Nothing that the API takes nests deeper than a handful of levels. */
const MAX_DEPTH = 20;

const bad = (message: string, details: Readonly<Record<string, unknown>>): Result.Result<never, Denied> =>
  Result.fail(new Denied({ status: 400, code: 'invalid_json', message, details: { field: 'body', ...details } }));

/** Reads a body as JSON. `undefined`: there is none. Every string in the value can be stored as it is. */
export const readBody = (bytes: Uint8Array | undefined): Result.Result<unknown, Denied> => {
  if (bytes === undefined || bytes.length === 0) return Result.succeed(undefined);
  return Result.flatMap(readText(bytes), (text) => (text.trim() === '' ? Result.succeed(undefined) : readJson(text)));
};

const readText = (bytes: Uint8Array): Result.Result<string, Denied> => {
  try {
    return Result.succeed(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return bad('The body is not valid UTF-8.', {});
  }
};

const readJson = (text: string): Result.Result<unknown, Denied> => {
  const parsed = parse(text);
  if (Result.isSuccess(parsed)) return checkValue(parsed.success, 'body');
  const position = positionOf(parsed.failure, text);
  return bad(`The body is not valid JSON: it goes wrong at position ${position}.`, { position });
};

/** The value, or what the parser says against the text. */
const parse = (text: string): Result.Result<unknown, string> => {
  try {
    return Result.succeed(JSON.parse(text));
  } catch (error) {
    return Result.fail(messageOf(error));
  }
};

const isUnexpected = (failure: string): boolean => failure.startsWith('Unexpected token');

/** Of an unexpected token V8 tells what, not where: it is where the shortest text ends that fails in that way. */
const positionOf = (failure: string, text: string): number => {
  const told = /position (\d+)/.exec(failure)?.[1];
  if (told !== undefined) return Number(told);
  if (!isUnexpected(failure)) return text.length;
  let [sound, broken] = [0, text.length];
  while (broken - sound > 1) {
    const middle = (sound + broken) >> 1;
    const start = parse(text.slice(0, middle));
    if (Result.isFailure(start) && isUnexpected(start.failure)) broken = middle;
    else sound = middle;
  }
  return sound;
};

/** Refuses what JSON can say but a text column cannot hold, and nesting that only an attack needs. */
const checkValue = (value: unknown, path: string, depth = 0): Result.Result<unknown, Denied> => {
  if (typeof value === 'string') return isStorable(value) ? Result.succeed(value) : unstorable(path);
  if (typeof value !== 'object' || value === null) return Result.succeed(value);
  if (depth === MAX_DEPTH) return bad(`The body nests deeper than ${MAX_DEPTH} levels.`, {});
  for (const [key, inner] of Object.entries(value)) {
    const inside = isStorable(key) ? checkValue(inner, `${path}.${key.slice(0, 100)}`, depth + 1) : unstorable(path);
    if (Result.isFailure(inside)) return inside;
  }
  return Result.succeed(value);
};

/** PostgreSQL's text holds neither NUL nor half a surrogate pair. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

const unstorable = (path: string): Result.Result<never, Denied> =>
  bad(`${path.replace(/^body\./, '')}: must not contain NUL or unpaired surrogates.`, {
    field: path.replace(/^body\./, ''),
  });
