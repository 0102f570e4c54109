import { Effect, Schema } from 'effect';
import { DeadLetterView } from '../../domain/dead-letter.ts';
import { ActorSummary, ActorTree } from '../../runtime/messaging/inspection.ts';
import { type Method, route } from '../route.ts';
import { accepted, events, many, one } from '../shape.ts';
import { actorStream } from '../streams/actor-stream.ts';
import { Receipt, receiptOf } from './connection.ts';
import { ofInstance, pageFields, pageOf } from './fields.ts';

const ofDeadLetter = Schema.Struct({ deadLetterId: Schema.String.check(Schema.isUUID()) });

const discard = (method: Method, path: string) =>
  route({
    method,
    path,
    summary: 'Discards a dead letter.',
    params: ofDeadLetter,
    answer: one(Schema.Struct({ id: Schema.String, discarded: Schema.Boolean })),
    handle: ({ params: { deadLetterId } }, deps) =>
      Effect.as(deps.commands.discard(deadLetterId), { id: deadLetterId, discarded: true }),
  });

export const debugRoutes = [
  route({
    method: 'GET',
    path: '/debug/actors',
    summary: 'Shows every actor of every node.',
    answer: many(ActorSummary),
    handle: (_input, deps) => Effect.map(deps.inspector.actors, (items) => ({ items, cursor: null })),
  }),
  route({
    method: 'GET',
    path: '/debug/actors/:instanceId',
    summary: 'Shows the tree of one instance: states, contexts, permits, walks, mailbox and the last transitions.',
    params: ofInstance,
    answer: one(ActorTree),
    handle: ({ params }, deps) => deps.inspector.actor(params.instanceId),
  }),
  route({
    method: 'GET',
    path: '/debug/actors/:instanceId/stream',
    summary: 'Streams the tree of one instance after each of its steps, at most five times a second.',
    params: ofInstance,
    answer: events('Events `actors`; data is the tree as JSON.'),
    handle: ({ params }, deps) => actorStream(deps, params.instanceId),
  }),
  route({
    method: 'GET',
    path: '/debug/dead-letters',
    summary: 'Lists commands that failed for good, with their reasons.',
    query: Schema.Struct(pageFields),
    answer: many(DeadLetterView),
    handle: ({ query }, deps) => deps.commands.deadLetters(pageOf(query)),
  }),
  route({
    method: 'POST',
    path: '/debug/dead-letters/:deadLetterId/requeue',
    summary: 'Makes a new command of a dead letter.',
    params: ofDeadLetter,
    answer: accepted(Receipt),
    handle: ({ params }, deps) => Effect.map(deps.bus.requeue(params.deadLetterId), receiptOf),
  }),
  discard('POST', '/debug/dead-letters/:deadLetterId/discard'),
  discard('DELETE', '/debug/dead-letters/:deadLetterId'),
];
