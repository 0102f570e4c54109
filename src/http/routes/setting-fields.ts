import { Effect, Schema } from 'effect';
import { Refused } from '../../domain/errors.ts';
import { isOfService, SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from '../../domain/settings.ts';
import type { SettingOwner } from '../../sync/settings/settings.ts';
import { BASE_PATH } from '../base-path.ts';
import { decodeInput, refuse, STRANGERS, type Strangers } from '../decode-input.ts';
import type { HttpDeps } from '../http-deps.ts';
import { nearestName } from '../nearest-name.ts';
import type { Failure } from '../problem.ts';

/** What the routes of the service's settings and those of an instance's share. */

export const Value = Schema.Struct({ value: Schema.Unknown });

const fieldOf = <K extends SettingKey>(key: K) =>
  Schema.optionalKey((SETTINGS[key].schema as Schema.Codec<unknown>).annotate({ description: SETTINGS[key].describe }));

/** What to say of a setting that was asked for of an account, and is not one that an account has. */
const ofService: Strangers = (name) => {
  const key = SETTING_KEYS.find((candidate) => candidate === name);
  if (key === undefined || !isOfService(key)) return null;
  return `is set for the whole service, not for one account; PUT ${BASE_PATH}/settings/${key} sets it`;
};

/** These settings by name, none required: the body of PATCH, and what a single value is checked against. */
export const changeOf = (keys: readonly SettingKey[]) =>
  Schema.Struct(Object.fromEntries(keys.map((key) => [key, fieldOf(key)]))).annotate({ [STRANGERS]: ofService });

/** The setting of this name, if it is one of `keys`. */
export const known = (
  key: string,
  keys: readonly SettingKey[],
  listedBy: string,
): Effect.Effect<SettingKey, Refused> => {
  const found = keys.find((candidate) => candidate === key);
  if (found !== undefined) return Effect.succeed(found);
  const nearest = nearestName(key, keys);
  const hint = nearest === null ? `${listedBy} lists them` : `did you mean ${nearest}?`;
  const elsewhere = ofService(key);
  return Effect.fail(
    new Refused({
      status: 404,
      code: 'unknown_setting',
      message: elsewhere === null ? `key: there is no such setting; ${hint}` : `key: ${key} ${elsewhere}`,
      details: { field: 'key', nearest },
    }),
  );
};

/** Checks and writes; what is committed is in force here at once. */
export const write = (
  deps: HttpDeps,
  owner: SettingOwner,
  change: ReturnType<typeof changeOf>,
  values: unknown,
): Effect.Effect<void, Failure> =>
  Effect.gen(function* () {
    const checked = yield* Effect.fromResult(decodeInput(change, 'body', values));
    if (Object.keys(checked).length === 0) {
      return yield* refuse([{ field: 'body', message: 'names no setting to change' }]);
    }
    yield* Effect.flatMap(
      deps.settings.put(owner, checked as Partial<Settings>, deps.clock()),
      deps.settingsChanged,
    ).pipe(Effect.uninterruptible);
  });

/** Takes a value back. */
export const reset = (deps: HttpDeps, owner: SettingOwner, key: SettingKey): Effect.Effect<void, Failure> =>
  Effect.flatMap(deps.settings.reset(owner, key, deps.clock()), deps.settingsChanged).pipe(Effect.uninterruptible);

export const show = (deps: HttpDeps, owner: SettingOwner, key: SettingKey) =>
  Effect.map(deps.settings.views(owner), (views) => {
    const view = views.find((candidate) => candidate.key === key);
    if (view === undefined) throw new Error(`The setting ${key} is not among those of ${owner ?? 'the service'}`);
    return view;
  });

export const listed = (deps: HttpDeps, owner: SettingOwner) =>
  Effect.map(deps.settings.views(owner), (items) => ({ items, cursor: null }));
