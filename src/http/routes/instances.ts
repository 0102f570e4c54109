import { Effect, Schema } from 'effect';
import type { Credentials } from '../../channels/channel.ts';
import { ChannelName } from '../../domain/channel-name.ts';
import type { Command } from '../../domain/command.ts';
import { Refused } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import { InstanceContents, type InstanceState, InstanceView } from '../../domain/instance.ts';
import { HistoryDepth } from '../../domain/pairing.ts';
import { refuse } from '../decode-input.ts';
import type { Denied } from '../denied.ts';
import type { HttpDeps } from '../http-deps.ts';
import { route } from '../route.ts';
import { created, many, one } from '../shape.ts';
import { given, nameOfAtMost, ofInstance, pageFields, pageOf } from './fields.ts';

const Name = nameOfAtMost(100).annotate({ description: 'What people call it.' });

const Token = Schema.NonEmptyString.check(
  Schema.isMaxLength(500, { message: 'must be at most 500 characters' }),
).annotate({
  description: "The bot's token. Stored encrypted, never shown again.",
});

const Depth = HistoryDepth.annotate({
  description:
    'How much of its past a phone is asked to push when it is paired; it cannot be changed later. Default recent.',
});

const NewInstance = Schema.Struct({
  name: Name,
  channel: ChannelName,
  token: Schema.optionalKey(Token.annotate({ description: "A bot's token: wanted for discord." })),
  historyDepth: Schema.optionalKey(Depth),
  connect: Schema.optionalKey(Schema.Boolean.annotate({ description: 'Whether to connect at once. Default true.' })),
});

const Change = Schema.Struct({
  name: Schema.optionalKey(Name),
  token: Schema.optionalKey(Token),
  historyDepth: Schema.optionalKey(
    HistoryDepth.annotate({ description: 'Told to the phone when the account is paired the next time.' }),
  ),
});

const refuseCredentials = (
  deps: HttpDeps,
  channel: ChannelName,
  credentials: Credentials,
): Effect.Effect<void, Denied> => {
  const offered = deps.channels.find(({ name }) => name === channel);
  if (offered === undefined) {
    const names = deps.channels.map(({ name }) => name).join(', ');
    return Effect.fail(
      refuse([{ field: 'channel', message: `${channel} is not offered by this build; offered: ${names}` }]),
    );
  }
  const field = offered.traits.pairs ? 'historyDepth' : 'token';
  const misplaced = offered.traits.pairs ? 'token' : 'historyDepth';
  if (credentials[misplaced] !== undefined) {
    const message = `says nothing for an account of ${channel}; leave it out`;
    return Effect.fail(refuse([{ field: misplaced, message }]));
  }
  const objection = offered.refuseCredentials(credentials);
  return objection === null ? Effect.void : Effect.fail(refuse([{ field, message: objection }]));
};

/** What of a request are credentials. An account that is paired has its default. */
const credentialsOf = (deps: HttpDeps, channel: ChannelName, { token, historyDepth }: Credentials): Credentials => {
  const pairs = deps.channels.find(({ name }) => name === channel)?.traits.pairs ?? false;
  const depth = historyDepth ?? (pairs ? 'recent' : undefined);
  return { ...given('token', token), ...given('historyDepth', depth) };
};

/** What makes an instance use its new token: nothing while it is disconnected on purpose. */
const commandsAfterNewToken = (state: InstanceState): readonly Command[] => {
  if (state === 'stopped') return [];
  if (state === 'error' || state === 'loggedOut' || state === 'backingOff') return [{ type: 'connect' }];
  return [{ type: 'disconnect' }, { type: 'connect' }];
};

const confirmed = (deps: HttpDeps, id: InstanceId, confirm: string | undefined) =>
  Effect.gen(function* () {
    const { name } = yield* deps.catalogue.instance(id);
    const contents = yield* deps.registry.contentsOf(id);
    if (confirm === name || confirm === id) return contents;
    const what = `${contents.events} events, ${contents.conversations} conversations, ${contents.contacts} contacts, ${contents.groups} groups, ${contents.pushes} pushes and ${contents.jobs} jobs`;
    return yield* new Refused({
      status: 409,
      code: 'confirmation_required',
      message: `confirm: deleting ${name} deletes its ${what} for good; repeat with ?confirm=<name or id>`,
      details: { field: 'confirm', name, ...contents },
    });
  });

export const instanceRoutes = [
  route({
    method: 'POST',
    path: '/instances',
    summary: 'Adds an account, and connects it unless told not to.',
    body: NewInstance,
    answer: created(InstanceView),
    handle: ({ body: { name, channel, connect = true, ...rest } }, deps) =>
      Effect.gen(function* () {
        const credentials = credentialsOf(deps, channel, rest);
        yield* refuseCredentials(deps, channel, credentials);
        const instance = yield* deps.registry.create({ name, channel, credentials }, deps.clock());
        if (connect) yield* deps.bus.submit(instance.id, { type: 'connect' });
        return instance;
      }),
  }),
  route({
    method: 'GET',
    path: '/instances',
    summary: 'Lists accounts.',
    query: Schema.Struct({ ...pageFields, channel: Schema.optionalKey(ChannelName) }),
    answer: many(InstanceView),
    handle: ({ query }, deps) => deps.catalogue.instances(given('channel', query.channel), pageOf(query)),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId',
    summary: 'Shows an account.',
    params: ofInstance,
    answer: one(InstanceView),
    handle: ({ params }, deps) => deps.catalogue.instance(params.instanceId),
  }),
  route({
    method: 'PATCH',
    path: '/instances/:instanceId',
    summary: 'Renames an account, gives it a new token, which it then connects with, or another depth to pair with.',
    params: ofInstance,
    body: Change,
    answer: one(InstanceView),
    handle: ({ params: { instanceId }, body: { name, ...credentials } }, deps) =>
      Effect.gen(function* () {
        const isGiven = Object.keys(credentials).length > 0;
        if (name === undefined && !isGiven) {
          const message = 'names nothing to change; known are name, token, historyDepth';
          return yield* refuse([{ field: 'body', message }]);
        }
        const before = yield* deps.catalogue.instance(instanceId);
        if (isGiven) yield* refuseCredentials(deps, before.channel, credentials);
        const change = { ...given('name', name), ...given('credentials', isGiven ? credentials : undefined) };
        const after = yield* deps.registry.update(instanceId, change);
        const commands = credentials.token === undefined ? [] : commandsAfterNewToken(before.state);
        for (const command of commands) yield* deps.bus.submit(instanceId, command);
        return after;
      }),
  }),
  route({
    method: 'DELETE',
    path: '/instances/:instanceId',
    summary: 'Deletes an account with everything stored of it. Says what would go until it is confirmed.',
    params: ofInstance,
    query: Schema.Struct({
      confirm: Schema.optionalKey(Schema.String.annotate({ description: 'The name or id of the instance.' })),
    }),
    answer: one(Schema.Struct({ id: ofInstance.fields.instanceId, deleted: InstanceContents })),
    handle: ({ params: { instanceId }, query: { confirm } }, deps) =>
      Effect.gen(function* () {
        const deleted = yield* confirmed(deps, instanceId, confirm);
        yield* deps.removeInstance(instanceId);
        return { id: instanceId, deleted };
      }),
  }),
];
