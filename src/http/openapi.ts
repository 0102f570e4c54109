import { Schema } from 'effect';
import { BASE_PATH } from './base-path.ts';
import type { InputSchema } from './decode-input.ts';
import type { Route } from './route.ts';

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export type JsonSchema = { readonly [key: string]: unknown };

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content } | { readonly $ref: string }>
  >;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;

/** The part of OpenAPI 3.1 that we write. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, unknown>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

const ErrorBody = Schema.Struct({
  error: Schema.Struct({
    code: Schema.String.annotate({ description: 'Stable, for programs.' }),
    message: Schema.String.annotate({ description: 'For people; begins with the field that is wrong, if one is.' }),
    details: Schema.Record(Schema.String, Schema.Unknown),
  }),
});

const DESCRIPTION =
  'Brings the past of chat accounts into PostgreSQL and keeps it complete. One thing is `{data}`, a list is ' +
  '`{items, meta}`, a refusal is `{error}`. A body is read as JSON whatever its content type says.';

/** Documents the route table. Everything comes from the schemas that validate. */
export const openApiOf = (routes: readonly Route[]): OpenApiDocument => ({
  openapi: '3.1.0',
  info: { title: 'Omni History Sync', version: '0.1.0', description: DESCRIPTION },
  servers: [{ url: '/' }],
  paths: pathsOf(routes),
  components: {
    securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } },
    responses: {
      Refusal: {
        description: 'It was refused, and this says why.',
        content: { 'application/json': { schema: schemaOf(ErrorBody) } },
      },
    },
  },
  security: [{ apiKey: [] }],
});

const pathsOf = (routes: readonly Route[]): OpenApiDocument['paths'] => {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    for (const path of fullPathsOf(route)) {
      const template = path.replaceAll(/:(\w+)/g, '{$1}');
      paths[template] = { ...paths[template], [route.method.toLowerCase()]: operationOf(route, template) };
    }
  }
  return paths;
};

/** Where a route is answered, with `:name` for parameters. */
export const fullPathsOf = (route: Pick<Route, 'path' | 'root'>): readonly string[] => {
  if (route.root === 'only') return [route.path];
  return route.root === 'also' ? [`${BASE_PATH}${route.path}`, route.path] : [`${BASE_PATH}${route.path}`];
};

const operationOf = (route: Route, template: string): Operation => {
  const takesBody = Object.keys(route.body.fields).length > 0;
  const body = schemaOf(route.body);
  return {
    operationId: `${route.method.toLowerCase()}${template.replaceAll(/\W+(\w)/g, (_all, first: string) => first.toUpperCase()).replaceAll(/\W/g, '')}`,
    summary: route.summary,
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...(route.answer.isResumable ? [LAST_EVENT_ID] : []),
    ],
    ...(takesBody
      ? { requestBody: { required: requiredOf(body).length > 0, content: { 'application/json': { schema: body } } } }
      : {}),
    responses: {
      [route.answer.status]: answerOf(route),
      ...(route.answer.isResumable ? { 204: NOTHING_MORE } : {}),
      default: { $ref: '#/components/responses/Refusal' },
    },
    ...(route.open ? { security: [] } : {}),
  };
};

const LAST_EVENT_ID: Parameter = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The id of the last event that was seen: the stream goes on after it.',
  schema: { type: 'string' },
};
const NOTHING_MORE = { description: 'Everything was seen: nothing more will come.' };

const answerOf = ({ answer }: Route) => {
  const mediaType = answer.contentType.replace(/;.*/, '');
  return {
    description: answer.description,
    content: { [mediaType]: { schema: schemaOf(answer.schema) } },
  };
};

const parametersOf = (schema: InputSchema, place: 'path' | 'query'): Parameter[] => {
  const { properties = {}, ...whole } = schemaOf(schema) as { properties?: Record<string, JsonSchema> };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || requiredOf(whole).includes(name),
    ...(typeof description === 'string' ? { description } : {}),
    schema: rest,
  }));
};

const requiredOf = (schema: JsonSchema): readonly unknown[] =>
  Array.isArray(schema['required']) ? schema['required'] : [];

// The decoded side is documented: a limit is a number, even though a query string carries it as text.
const schemaOf = (schema: Schema.Constraint): JsonSchema =>
  finiteNumbers(Schema.toJsonSchemaDocument(Schema.toType(schema), { onExcessProperty: 'error' }).schema) as JsonSchema;

/** JSON has no NaN or Infinity, and no answer of ours holds one: `number | "NaN" | …` is written as `number`. */
const finiteNumbers = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(finiteNumbers);
  if (typeof schema !== 'object' || schema === null) return schema;
  const mapped: Record<string, unknown> = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, finiteNumbers(value)]),
  );
  const options = mapped['anyOf'];
  if (!Array.isArray(options)) return mapped;
  const kept = options.filter(
    (option: JsonSchema) => !(Array.isArray(option['enum']) && option['enum'].includes('NaN')),
  );
  if (kept.length !== 1) return { ...mapped, anyOf: kept };
  const { anyOf: _, ...rest } = mapped;
  return { ...(kept[0] as JsonSchema), ...rest };
};
