import { Effect, Schema } from 'effect';
import { ConversationView, CoverageView } from '../../domain/conversation-view.ts';
import { EventView } from '../../domain/event-view.ts';
import { ConversationId, InstanceId } from '../../domain/ids.ts';
import { refuse } from '../decode-input.ts';
import { route } from '../route.ts';
import { many } from '../shape.ts';
import { given, Instant, msOf, ofInstance, pageFields, pageOf, Search } from './fields.ts';

const Filter = Schema.Struct({
  ...pageFields,
  instanceId: Schema.optionalKey(InstanceId),
  conversationId: Schema.optionalKey(ConversationId),
  since: Schema.optionalKey(Instant),
  until: Schema.optionalKey(Instant),
  search: Schema.optionalKey(Search),
});

const instantOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : msOf(text));

export const historyRoutes = [
  route({
    method: 'GET',
    path: '/instances/:instanceId/coverage',
    summary: 'Shows, per conversation, which stretches are held without a gap, which are missing, and why each ends.',
    params: ofInstance,
    query: Schema.Struct({ ...pageFields, conversationId: Schema.optionalKey(ConversationId) }),
    answer: many(CoverageView),
    handle: ({ params: { instanceId }, query }, deps) =>
      Effect.gen(function* () {
        yield* deps.catalogue.instance(instanceId);
        return yield* deps.catalogue.coverage(instanceId, given('conversationId', query.conversationId), pageOf(query));
      }),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/conversations',
    summary: 'Lists the conversations of an account.',
    params: ofInstance,
    query: Schema.Struct({ ...pageFields, search: Schema.optionalKey(Search) }),
    answer: many(ConversationView),
    handle: ({ params: { instanceId }, query }, deps) =>
      Effect.gen(function* () {
        yield* deps.catalogue.instance(instanceId);
        return yield* deps.catalogue.conversations(instanceId, given('search', query.search), pageOf(query));
      }),
  }),
  route({
    method: 'GET',
    path: '/events',
    summary:
      'Lists stored messages, newest first. A page of a search may be short, or empty, while meta.hasMore is true.',
    query: Filter,
    answer: many(EventView),
    handle: ({ query }, deps) => {
      const since = instantOf(query.since);
      const until = instantOf(query.until);
      if (since !== undefined && until !== undefined && until < since) {
        return Effect.fail(refuse([{ field: 'until', message: 'lies before since' }]));
      }
      const filter = {
        ...given('instanceId', query.instanceId),
        ...given('conversationId', query.conversationId),
        ...given('since', since),
        ...given('until', until),
        ...given('search', query.search),
      };
      return deps.catalogue.events(filter, pageOf(query));
    },
  }),
];
