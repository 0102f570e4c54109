import { Effect, Schema } from 'effect';
import type { Command, Letter } from '../../domain/command.ts';
import { CommandId } from '../../domain/ids.ts';
import { InstanceView, PushesView } from '../../domain/instance.ts';
import { ActorTree } from '../../runtime/messaging/inspection.ts';
import { route } from '../route.ts';
import { accepted, one } from '../shape.ts';
import { ofInstance } from './fields.ts';

/** A command that is committed: it will run, in its place. */
export const Receipt = Schema.Struct({ commandId: CommandId, seq: Schema.Number, type: Schema.String });

export const receiptOf = ({ commandId, seq, command }: Letter): typeof Receipt.Type => ({
  commandId,
  seq,
  type: command.type,
});

const { node, rateLimit, mailboxDepth, stale, parked, supervisor, permits, activities, restarts } = ActorTree.fields;

const Status = Schema.Struct({
  ...InstanceView.fields,
  node,
  rateLimit,
  permits,
  mailboxDepth,
  activities,
  restarts,
  stale,
  parked,
  supervisor,
  pushes: PushesView,
});

const order = (type: 'connect' | 'disconnect' | 'logout', summary: string) =>
  route({
    method: 'POST',
    path: `/instances/:instanceId/${type}`,
    summary,
    params: ofInstance,
    answer: accepted(Receipt),
    handle: ({ params }, deps) => Effect.map(deps.bus.submit(params.instanceId, { type } satisfies Command), receiptOf),
  });

export const connectionRoutes = [
  order('connect', 'Connects, also after an error or a logout.'),
  order('disconnect', 'Disconnects until somebody connects again.'),
  order('logout', 'Ends the session with the platform.'),
  route({
    method: 'GET',
    path: '/instances/:instanceId/status',
    summary: 'Shows an account with its connection, its permits and what it does.',
    params: ofInstance,
    answer: one(Status),
    handle: ({ params: { instanceId } }, deps) =>
      Effect.gen(function* () {
        const view = yield* deps.catalogue.instance(instanceId);
        const tree = yield* deps.inspector.actor(instanceId);
        const { node, rateLimit, permits, mailboxDepth, activities, restarts, stale, parked, supervisor } = tree;
        const pushes = yield* deps.catalogue.pushes(instanceId);
        const shown = { node, rateLimit, permits, mailboxDepth, activities, restarts, stale, parked, supervisor };
        return { ...view, ...shown, pushes };
      }),
  }),
];
