import { Schema, SchemaGetter } from 'effect';
import { InstanceId, JobId } from '../../domain/ids.ts';
import { IN_WORDS } from '../../domain/in-words.ts';
import { parseInstant } from '../../domain/instant.ts';

/** Parts of requests that several routes share. */

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

const described = <S extends Schema.Top>(schema: S, description: string) => schema.annotate({ description });

export const ofInstance = Schema.Struct({ instanceId: InstanceId });
export const ofJob = Schema.Struct({ instanceId: InstanceId, jobId: JobId });

const Limit = Schema.FiniteFromString.check(
  Schema.isInt({ message: `must be a whole number from 1 to ${MAX_LIMIT}` }),
  Schema.isBetween({ minimum: 1, maximum: MAX_LIMIT }, { message: `must be a whole number from 1 to ${MAX_LIMIT}` }),
);

/** Cursors are opaque, but they are printable: anything else was never one of ours. */
const Cursor = Schema.String.check(
  Schema.isPattern(/^[\x21-\x7e]{1,1000}$/, { message: 'is not a cursor that a list gave' }),
);

/** The query of every list. */
export const pageFields = {
  limit: Schema.optionalKey(described(Limit, `Items per page. Default ${DEFAULT_LIMIT}.`)),
  cursor: Schema.optionalKey(described(Cursor, 'Continues the list: meta.cursor of the page before.')),
};

export const pageOf = (query: { readonly limit?: number; readonly cursor?: string }) => ({
  limit: query.limit ?? DEFAULT_LIMIT,
  cursor: query.cursor ?? null,
});

export const Search = described(
  Schema.String.check(Schema.isBetweenLength(1, 200, { message: 'must be 1 to 200 characters' })),
  'Text to look for.',
);

/** A name as people give it: one line that can be shown in logs and terminals. */
export const nameOfAtMost = (length: number) =>
  Schema.String.check(
    Schema.isPattern(/^\S(.*\S)?$/su, { message: 'must not be empty, nor begin or end with white space' }),
    Schema.isMaxLength(length, { message: `must be at most ${length} characters` }),
    Schema.isPattern(/^\P{Cc}*$/u, { message: 'must not contain control characters' }),
  );

/** In a query: `true` or `false`. */
export const Flag = Schema.Literals(['true', 'false']).pipe(
  Schema.decodeTo(Schema.Boolean, {
    decode: SchemaGetter.transform((text) => text === 'true'),
    encode: SchemaGetter.transform((value): 'true' | 'false' => (value ? 'true' : 'false')),
  }),
);

/** Milliseconds of an instant that passed `Instant`. */
export const msOf = (instant: string): number => parseInstant(instant) ?? Number.NaN;

export const Instant = described(
  Schema.String.check(
    Schema.makeFilter(
      (value) => parseInstant(value) !== null || 'must be an instant in ISO 8601, such as 2026-01-31T12:00:00Z',
      IN_WORDS,
    ),
  ),
  'An instant in ISO 8601, such as 2026-01-31T12:00:00Z.',
);

/** `{ name: value }` where there is a value, nothing otherwise: filters leave out what was not asked for. */
export const given = <K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V });
