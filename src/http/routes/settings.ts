import { Effect, Schema } from 'effect';
import { Refused } from '../../domain/errors.ts';
import { SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from '../../domain/settings.ts';
import { decodeInput, refuse } from '../decode-input.ts';
import type { HttpDeps } from '../http-deps.ts';
import { nearestName } from '../nearest-name.ts';
import type { Failure } from '../problem.ts';
import { route } from '../route.ts';
import { many, one } from '../shape.ts';

const Setting = Schema.Struct({
  key: Schema.Literals(SETTING_KEYS),
  value: Schema.Unknown,
  default: Schema.Unknown,
  description: Schema.String,
  updatedAt: Schema.NullOr(Schema.String),
});

const Key = Schema.Struct({ key: Schema.String });

const fieldOf = <K extends SettingKey>(key: K) =>
  Schema.optionalKey((SETTINGS[key].schema as Schema.Codec<unknown>).annotate({ description: SETTINGS[key].describe }));

/** All settings by name, none required: the body of PATCH, and what a single value is checked against. */
const Change = Schema.Struct(Object.fromEntries(SETTING_KEYS.map((key) => [key, fieldOf(key)])));

const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(SETTINGS, key);

const known = (key: string): Effect.Effect<SettingKey, Refused> => {
  if (isSettingKey(key)) return Effect.succeed(key);
  const nearest = nearestName(key, SETTING_KEYS);
  const hint = nearest === null ? 'GET /settings lists them' : `did you mean ${nearest}?`;
  return Effect.fail(
    new Refused({
      status: 404,
      code: 'unknown_setting',
      message: `key: there is no such setting; ${hint}`,
      details: { field: 'key', nearest },
    }),
  );
};

const write = (deps: HttpDeps, values: unknown): Effect.Effect<void, Failure> =>
  Effect.gen(function* () {
    const change = yield* Effect.fromResult(decodeInput(Change, 'body', values));
    yield* deps.settingsChanged(yield* deps.settings.put(change as Partial<Settings>, deps.clock()));
  });

const show = (deps: HttpDeps, key: SettingKey) =>
  Effect.gen(function* () {
    const view = (yield* deps.settings.views).find((candidate) => candidate.key === key);
    return (
      view ?? {
        key,
        value: SETTINGS[key].default,
        default: SETTINGS[key].default,
        description: SETTINGS[key].describe,
        updatedAt: null,
      }
    );
  });

const listed = (deps: HttpDeps) => Effect.map(deps.settings.views, (items) => ({ items, cursor: null }));

export const settingRoutes = [
  route({
    method: 'GET',
    path: '/settings',
    summary: 'Lists every setting with its value and default.',
    answer: many(Setting),
    handle: (_input, deps) => listed(deps),
  }),
  route({
    method: 'PATCH',
    path: '/settings',
    summary: 'Changes settings, all of those named or none. Effective within a second.',
    body: Change,
    answer: many(Setting),
    handle: ({ body }, deps) =>
      Object.keys(body).length === 0
        ? Effect.fail(refuse([{ field: 'body', message: 'names no setting to change' }]))
        : Effect.andThen(write(deps, body), listed(deps)),
  }),
  route({
    method: 'GET',
    path: '/settings/:key',
    summary: 'Shows a setting.',
    params: Key,
    answer: one(Setting),
    handle: ({ params }, deps) => Effect.flatMap(known(params.key), (key) => show(deps, key)),
  }),
  route({
    method: 'PUT',
    path: '/settings/:key',
    summary: 'Changes a setting.',
    params: Key,
    body: Schema.Struct({ value: Schema.Unknown }),
    answer: one(Setting),
    handle: ({ params, body }, deps) =>
      Effect.gen(function* () {
        const key = yield* known(params.key);
        yield* write(deps, { [key]: body.value });
        return yield* show(deps, key);
      }),
  }),
  route({
    method: 'DELETE',
    path: '/settings/:key',
    summary: 'Sets a setting back to its default.',
    params: Key,
    answer: one(Setting),
    handle: ({ params }, deps) =>
      Effect.gen(function* () {
        const key = yield* known(params.key);
        yield* deps.settingsChanged(yield* deps.settings.reset(key, deps.clock()));
        return yield* show(deps, key);
      }),
  }),
];
