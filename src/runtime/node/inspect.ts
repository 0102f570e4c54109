import { Effect } from 'effect';
import { instanceActor } from '../../../machines/instance.ts';
import { rateLimitActor } from '../../../machines/rate-limit.ts';
import { type RateLimitContext, roomFor } from '../../../machines/rate-limit-context.ts';
import { syncJobActor } from '../../../machines/sync-job.ts';
import { Refused } from '../../domain/errors.ts';
import { toIso } from '../../domain/instant.ts';
import type { InstanceProcess } from '../instance/instance-process.ts';
import type { InstanceActors } from '../instance-actors.ts';
import type { ActorSummary, ActorTree, ActorView, Inspector } from '../messaging/inspection.ts';
import type { LocalInspection, NodeWire } from '../messaging/node-wire.ts';
import { partitionOf } from '../partition.ts';
import type { RuntimeStore } from '../store/runtime-store.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import type { StoredSnapshot } from '../stored-snapshot.ts';
import type { Node } from './node.ts';

/** What this node can say by itself. */
export const localInspection = <Tx extends StepTransaction>(node: Node<Tx>, now: () => number): LocalInspection => ({
  actors: () => node.processes().map((process) => summaryOf(node.id, process)),
  actor: (instanceId) => {
    const process = node.find(instanceId);
    return process === null || process.live === null ? null : treeOf(node.id, process, now());
  },
  pairing: (instanceId) => node.find(instanceId)?.live?.activities.pairingOffer(now()) ?? null,
});

/** How often a stream looks at an instance that lives on another node. */
const LOOK_EVERY_MS = 1_000;

/** Looks into the actors of every node: here, over the wire, or into the rows of those that answer nowhere. */
export const inspectorOf = <Tx extends StepTransaction>(
  node: Node<Tx>,
  local: LocalInspection,
  wire: NodeWire,
  store: RuntimeStore<Tx>,
): Inspector => ({
  actors: Effect.map(wire.askActors, (others) => {
    const here = local.actors();
    const known = new Set(here.map(({ instanceId }) => instanceId));
    return [...here, ...others.filter(({ instanceId }) => !known.has(instanceId))];
  }),
  actor: (instanceId) =>
    Effect.gen(function* () {
      const live = local.actor(instanceId) ?? (yield* wire.askActor(instanceId));
      if (live !== null) return live;
      const rows = yield* store.load(instanceId);
      if (rows !== null) return staleTreeOf(rows, node.find(instanceId)?.parked ?? null);
      const message = `There is no instance ${instanceId}.`;
      return yield* new Refused({
        status: 404,
        code: 'instance_not_found',
        message,
        details: { field: 'instanceId' },
      });
    }),
  pairing: (instanceId) =>
    Effect.suspend(() => {
      const offer = local.pairing(instanceId);
      return node.find(instanceId) === null ? wire.askPairing(instanceId) : Effect.succeed(offer);
    }),
  watch: (instanceId, onStep) => {
    const process = node.find(instanceId);
    if (process !== null) return process.watch(onStep);
    const timer = setInterval(onStep, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  },
});

const viewOf = (
  actor: string,
  definition: { readonly id: string; readonly version: number },
  snapshot: { readonly value: unknown; readonly context: unknown },
): ActorView => ({
  actor,
  machine: definition.id,
  version: definition.version,
  state: String(snapshot.value),
  context: snapshot.context,
});

const summaryOf = <Tx extends StepTransaction>(nodeId: string, process: InstanceProcess<Tx>): ActorSummary => {
  const { live, parked, id, fence } = process;
  return {
    instanceId: id,
    name: live?.rows.name ?? '',
    node: nodeId,
    partition: fence.partition,
    epoch: fence.epoch,
    state: live === null ? 'restoring' : live.actors.supervisor.value,
    rateLimit: live === null ? 'restoring' : live.actors.limiter.value,
    jobs: live === null ? [] : [...live.actors.jobs].map(([jobId, job]) => ({ jobId, state: job.value })),
    mailboxDepth: process.mailboxDepth,
    stale: live === null,
    parked,
  };
};

const permitsOf = (context: RateLimitContext, now: number): ActorTree['permits'] => ({
  messages: context.cooldownUntil === null ? roomFor(context, 'messages', now) : 0,
  contacts: context.cooldownUntil === null ? roomFor(context, 'contacts', now) : 0,
  cooldownUntil: context.cooldownUntil === null ? null : toIso(context.cooldownUntil),
});

const restartsOf = (actors: InstanceActors): number =>
  actors.supervisor.context.restarts.total +
  [...actors.jobs.values()].reduce((sum, job) => sum + job.context.restarts.total, 0);

const treeOf = <Tx extends StepTransaction>(nodeId: string, process: InstanceProcess<Tx>, now: number): ActorTree => {
  const live = process.live as NonNullable<InstanceProcess<Tx>['live']>;
  const { actors } = live;
  return {
    ...summaryOf(nodeId, process),
    supervisor: viewOf('instance', instanceActor, actors.supervisor),
    rateLimiter: viewOf('rate-limit', rateLimitActor, actors.limiter),
    permits: permitsOf(actors.limiter.context, now),
    jobActors: [...actors.jobs].map(([jobId, job]) => viewOf(jobId, syncJobActor, job)),
    activities: live.activities.names,
    restarts: restartsOf(actors),
    lastSeq: live.lastSeq,
    trace: process.trace.entries,
  };
};

const rowView = (actor: string, row: StoredSnapshot | undefined): ActorView | null =>
  row === undefined
    ? null
    : { actor, machine: row.machine, version: row.version, state: String(row.value), context: row.context };

/** What the rows say: the instance is passivated, parked, on another node, or being restored. */
const staleTreeOf = (rows: StoredInstance, parked: string | null): ActorTree => {
  const supervisor = rowView('instance', rows.actors.get('instance'));
  const rateLimiter = rowView('rate-limit', rows.actors.get('rate-limit'));
  const jobActors = rows.jobs.flatMap(({ jobId, snapshot }) => rowView(jobId, snapshot ?? undefined) ?? []);
  return {
    instanceId: rows.id,
    name: rows.name,
    node: null,
    partition: partitionOf(rows.id),
    epoch: null,
    state: supervisor?.state ?? 'stopped',
    rateLimit: rateLimiter?.state ?? 'normal',
    jobs: jobActors.map(({ actor, state }) => ({ jobId: actor, state })),
    mailboxDepth: 0,
    stale: true,
    parked,
    supervisor,
    rateLimiter,
    permits: null,
    jobActors,
    activities: [],
    restarts: 0,
    lastSeq: rows.lastSeq,
    trace: [],
  };
};
