import { Result, Schema, SchemaIssue } from 'effect';
import { Denied } from './denied.ts';
import { nearestName } from './nearest-name.ts';

/** A schema of named fields, such as `Schema.Struct` makes. */
export type InputSchema = Schema.ConstraintDecoder<unknown> & {
  readonly fields: Readonly<Record<PropertyKey, Schema.Constraint>>;
};

/** An annotation of an input schema: what to say of a field that it does not have; null: only that it is unknown. */
export type Strangers = (name: string) => string | null;
export const STRANGERS = 'omni/strangers';

const strangersOf = ({ ast }: InputSchema): Strangers => {
  const told = ast.annotations?.[STRANGERS];
  return typeof told === 'function' ? (told as Strangers) : () => null;
};

/** Where in a request a value stands. */
export type Part = 'params' | 'query' | 'body';

interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** Checks one part of a request. All problems are told at once, each with the path of its field. */
export const decodeInput = <S extends InputSchema>(
  schema: S,
  part: Part,
  value: unknown,
): Result.Result<S['Type'], Denied> => {
  if (Object.keys(schema.fields).length === 0) return decodeNothing(part, value);
  const decoded = Schema.decodeUnknownResult(schema, { errors: 'all', onExcessProperty: 'error' })(value);
  return Result.mapError(decoded, (error) => refuse(problemsOf(error.issue, schema, part)));
};

// A struct without fields means "anything that is not null" to Effect, as `{}` does to TypeScript.
const decodeNothing = (part: Part, value: unknown): Result.Result<object, Denied> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return Result.fail(refuse([{ field: part, message: NO_OBJECT }]));
  }
  const strangers = Object.keys(value).slice(0, MAX_PROBLEMS);
  const problems = strangers.map((name) => ({ field: pathOf([name], part), message: unknownField(name, []) }));
  return problems.length === 0 ? Result.succeed({}) : Result.fail(refuse(problems));
};

/** A refusal that names fields. */
export const refuse = (problems: readonly FieldProblem[]): Denied =>
  new Denied({
    status: 400,
    code: 'invalid_request',
    message: problems.map(({ field, message }) => `${field}: ${message}`).join('; '),
    details: { field: problems[0]?.field ?? 'body', problems },
  });

const MAX_PROBLEMS = 20;

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    if (issue._tag === 'MissingKey') return 'is required';
    if (issue._tag === 'UnexpectedKey') return UNKNOWN;
    return SchemaIssue.defaultLeafHook(issue);
  },
});

const UNKNOWN = 'is not a known field';
const NO_OBJECT = 'must be a JSON object';

/** One problem per field: what a later rule says of a value that an earlier one refused helps nobody. */
const problemsOf = (issue: SchemaIssue.Issue, schema: InputSchema, part: Part): FieldProblem[] => {
  const first = new Map<string, FieldProblem>();
  for (const { path, message } of formatIssue(issue).issues) {
    const field = pathOf(path ?? [], part);
    if (!first.has(field)) first.set(field, { field, message: sayOf(message, path ?? [], schema) });
    if (first.size === MAX_PROBLEMS) break;
  }
  return [...first.values()];
};

const pathOf = (path: readonly unknown[], part: Part): string =>
  path.length === 0
    ? part
    : path
        .map((step, index) =>
          typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step).slice(0, 100)}`,
        )
        .join('');

const sayOf = (message: string, path: readonly unknown[], schema: InputSchema): string => {
  if (message === UNKNOWN && path.length === 1) {
    const name = String(path[0]);
    return strangersOf(schema)(name) ?? unknownField(name, Object.keys(schema.fields));
  }
  return path.length === 0 && message === 'Expected object' ? NO_OBJECT : message.replace(/^Expected /, 'must be ');
};

const unknownField = (name: string, known: readonly string[]): string => {
  const nearest = nearestName(name, known);
  if (nearest !== null) return `${UNKNOWN}; did you mean ${nearest}?`;
  return known.length === 0 ? `${UNKNOWN}; there are none here` : `${UNKNOWN}; known are ${known.join(', ')}`;
};
