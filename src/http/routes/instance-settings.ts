import { Effect, Schema } from 'effect';
import { ChannelName } from '../../domain/channel-name.ts';
import { InstanceId } from '../../domain/ids.ts';
import { SettingChangeView, SettingView } from '../../domain/setting-view.ts';
import { isOfInstance, SETTING_KEYS, type SettingKey } from '../../domain/settings.ts';
import type { HttpDeps } from '../http-deps.ts';
import { route } from '../route.ts';
import { many, one } from '../shape.ts';
import { ofInstance, pageFields, pageOf } from './fields.ts';
import { changeOf, known, listed, reset, show, Value, write } from './setting-fields.ts';

const keysOf = (channel: ChannelName): readonly SettingKey[] =>
  SETTING_KEYS.filter((key) => isOfInstance(key, channel));

/** What an instance of some channel may have of its own; which of them this one may, its channel says. */
const ANY_CHANNELS = SETTING_KEYS.filter((key) => ChannelName.literals.some((channel) => isOfInstance(key, channel)));

const Own = Schema.Struct({ instanceId: InstanceId, key: Schema.String });

/** The keys that an instance may have a value of its own for. */
const ownKeys = (deps: HttpDeps, instanceId: InstanceId) =>
  Effect.map(deps.catalogue.instance(instanceId), ({ channel }) => keysOf(channel));

const keyOf = (deps: HttpDeps, { instanceId, key }: typeof Own.Type) =>
  Effect.flatMap(ownKeys(deps, instanceId), (keys) => known(key, keys, `GET /instances/${instanceId}/settings`));

/** Settings that an instance has of its own: each wins over that of the whole service. */
export const instanceSettingRoutes = [
  route({
    method: 'GET',
    path: '/instances/:instanceId/settings',
    summary: 'Lists the settings that an account goes by, and where each value comes from.',
    params: ofInstance,
    answer: many(SettingView),
    handle: ({ params: { instanceId } }, deps) => listed(deps, instanceId),
  }),
  route({
    method: 'PATCH',
    path: '/instances/:instanceId/settings',
    summary: 'Changes settings for one account, all of those named or none. Effective within a second.',
    params: ofInstance,
    body: changeOf(ANY_CHANNELS),
    answer: many(SettingView),
    handle: ({ params: { instanceId }, body }, deps) =>
      Effect.gen(function* () {
        yield* write(deps, instanceId, changeOf(yield* ownKeys(deps, instanceId)), body);
        return yield* listed(deps, instanceId);
      }),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/settings/:key',
    summary: 'Shows a setting that an account goes by.',
    params: Own,
    answer: one(SettingView),
    handle: ({ params }, deps) => Effect.flatMap(keyOf(deps, params), (key) => show(deps, params.instanceId, key)),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/settings/:key/history',
    summary: "Lists what an account's own setting was changed from and to, by whom and when, newest first.",
    params: Own,
    query: Schema.Struct(pageFields),
    answer: many(SettingChangeView),
    handle: ({ params, query }, deps) =>
      Effect.flatMap(keyOf(deps, params), (key) => deps.settings.history(params.instanceId, key, pageOf(query))),
  }),
  route({
    method: 'PUT',
    path: '/instances/:instanceId/settings/:key',
    summary: 'Changes a setting for one account.',
    params: Own,
    body: Value,
    answer: one(SettingView),
    handle: ({ params, body }, deps) =>
      Effect.gen(function* () {
        const key = yield* keyOf(deps, params);
        yield* write(deps, params.instanceId, changeOf([key]), { [key]: body.value });
        return yield* show(deps, params.instanceId, key);
      }),
  }),
  route({
    method: 'DELETE',
    path: '/instances/:instanceId/settings/:key',
    summary: 'Takes back what was set for one account: it goes by the setting of the whole service again.',
    params: Own,
    answer: one(SettingView),
    handle: ({ params }, deps) =>
      Effect.gen(function* () {
        const key = yield* keyOf(deps, params);
        yield* reset(deps, params.instanceId, key);
        return yield* show(deps, params.instanceId, key);
      }),
  }),
];
