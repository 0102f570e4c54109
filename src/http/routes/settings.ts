import { Effect, Schema } from 'effect';
import { SettingChangeView, SettingView } from '../../domain/setting-view.ts';
import { SETTING_KEYS } from '../../domain/settings.ts';
import { route } from '../route.ts';
import { many, one } from '../shape.ts';
import { pageFields, pageOf } from './fields.ts';
import { changeOf, known, listed, reset, show, Value, write } from './setting-fields.ts';

const Key = Schema.Struct({ key: Schema.String });
const Change = changeOf(SETTING_KEYS);

const keyOf = ({ key }: typeof Key.Type) => known(key, SETTING_KEYS, 'GET /settings');

/** The settings of the whole service. */
export const settingRoutes = [
  route({
    method: 'GET',
    path: '/settings',
    summary: 'Lists every setting with its value and default.',
    answer: many(SettingView),
    handle: (_input, deps) => listed(deps, null),
  }),
  route({
    method: 'PATCH',
    path: '/settings',
    summary: 'Changes settings, all of those named or none. Effective within a second.',
    body: Change,
    answer: many(SettingView),
    handle: ({ body }, deps) => Effect.andThen(write(deps, null, Change, body), listed(deps, null)),
  }),
  route({
    method: 'GET',
    path: '/settings/:key',
    summary: 'Shows a setting.',
    params: Key,
    answer: one(SettingView),
    handle: ({ params }, deps) => Effect.flatMap(keyOf(params), (key) => show(deps, null, key)),
  }),
  route({
    method: 'GET',
    path: '/settings/:key/history',
    summary: 'Lists what a setting was changed from and to, by whom and when, newest first.',
    params: Key,
    query: Schema.Struct(pageFields),
    answer: many(SettingChangeView),
    handle: ({ params, query }, deps) =>
      Effect.flatMap(keyOf(params), (key) => deps.settings.history(null, key, pageOf(query))),
  }),
  route({
    method: 'PUT',
    path: '/settings/:key',
    summary: 'Changes a setting.',
    params: Key,
    body: Value,
    answer: one(SettingView),
    handle: ({ params, body }, deps) =>
      Effect.gen(function* () {
        const key = yield* keyOf(params);
        yield* write(deps, null, Change, { [key]: body.value });
        return yield* show(deps, null, key);
      }),
  }),
  route({
    method: 'DELETE',
    path: '/settings/:key',
    summary: 'Sets a setting back to its default.',
    params: Key,
    answer: one(SettingView),
    handle: ({ params }, deps) =>
      Effect.gen(function* () {
        const key = yield* keyOf(params);
        yield* reset(deps, null, key);
        return yield* show(deps, null, key);
      }),
  }),
];
