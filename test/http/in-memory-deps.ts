import { Effect } from 'effect';
import type { Command, Letter } from '../../src/domain/command.ts';
import type { DeadLetterView } from '../../src/domain/dead-letter.ts';
import { Refused, StoreUnavailable } from '../../src/domain/errors.ts';
import type { OutboxEvent, WorldEventName } from '../../src/domain/event.ts';
import { CommandId, InstanceId, type JobId } from '../../src/domain/ids.ts';
import type { InstanceView } from '../../src/domain/instance.ts';
import { ACTIVE_STATUSES, configViewOf, type JobStatus, type JobView, NO_PROGRESS } from '../../src/domain/job.ts';
import type { Log } from '../../src/domain/log.ts';
import type { PairingOffer } from '../../src/domain/pairing.ts';
import type { ScheduleName, ScheduleView } from '../../src/domain/schedule.ts';
import type { HttpDeps } from '../../src/http/http-deps.ts';
import type { ActorSummary, ActorTree } from '../../src/runtime/messaging/inspection.ts';
import type { SettingChange } from '../../src/sync/settings/settings.ts';
import { inMemoryPeople } from './in-memory-people.ts';
import { memorySettings } from './memory-settings.ts';

export const NOW = Date.parse('2026-02-01T12:00:00Z');

const SCHEDULES: readonly ScheduleView[] = [
  {
    name: 'contacts',
    enabled: true,
    cron: '0 3 * * *',
    timeZone: 'UTC',
    spreadMinutes: 30,
    lastRun: null,
    nextRunAt: '2026-02-02T03:00:00.000Z',
  },
];

const refused = (status: 404 | 409, code: string, details = {}) =>
  new Refused({ status, code, message: code, details });

const found = <A>(value: A | undefined): Effect.Effect<A, Refused> =>
  value === undefined ? Effect.fail(refused(404, 'not_found')) : Effect.succeed(value);

const page = <A>(items: readonly A[]) => Effect.succeed({ items, cursor: null });

/** What the API sees of the rest of the service, kept in memory: the contracts, without runtime and database. */
export const inMemoryDeps = () => {
  const instances = new Map<string, InstanceView>();
  const tokens = new Map<string, string>();
  const jobs = new Map<string, JobView>();
  const deadLetters = new Map<string, DeadLetterView>();
  const outbox: OutboxEvent[] = [];
  const listeners = new Set<(event: OutboxEvent) => void>();
  const watchers = new Set<() => void>();
  /** What would be shown to a person who pairs, by instance. */
  const offers = new Map<string, PairingOffer>();
  const submitted: { instanceId: string; command: Command }[] = [];
  const logged: string[] = [];
  const settingsSeen: SettingChange[] = [];
  let seq = 0;
  const state = { storeAway: false, ready: true, stuck: false, outboxReads: 0 };

  const available = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | StoreUnavailable> =>
    Effect.suspend((): Effect.Effect<A, E | StoreUnavailable> => {
      if (state.stuck) return Effect.never;
      return state.storeAway ? Effect.fail(new StoreUnavailable({ cause: new Error('connection refused') })) : effect;
    });

  const letterOf = (instanceId: InstanceId, command: Command): Letter => {
    submitted.push({ instanceId, command });
    seq += 1;
    return { commandId: CommandId.make(crypto.randomUUID()), instanceId, seq, command };
  };

  const startJob = (instanceId: InstanceId, command: Extract<Command, { type: 'startSync' }>) => {
    const { jobId, config } = command;
    const active = [...jobs.values()].find((job) => job.instanceId === instanceId && isActive(job.status));
    if (active !== undefined) return Effect.fail(refused(409, 'sync_active', { jobId: active.jobId }));
    const createdAt = new Date(NOW).toISOString();
    const blank = { waitingFor: null, errorMessage: null, createdAt, startedAt: null, completedAt: null };
    jobs.set(jobId, {
      jobId,
      instanceId,
      type: config.type,
      status: 'pending',
      config: configViewOf(config),
      progress: NO_PROGRESS,
      ...blank,
    });
    return Effect.void;
  };

  const treeOf = ({ id, name, state: supervisorState }: InstanceView): ActorTree => ({
    instanceId: id,
    name,
    node: 'node-1',
    partition: 0,
    epoch: 1,
    state: supervisorState,
    rateLimit: 'normal',
    jobs: [],
    mailboxDepth: 0,
    stale: false,
    parked: null,
    supervisor: null,
    rateLimiter: null,
    permits: { messages: 8, contacts: 16, cooldownUntil: null },
    jobActors: [],
    activities: [],
    restarts: 0,
    lastSeq: seq,
    trace: [],
  });

  const log: Log = {
    debug: (fields, message) => void logged.push(JSON.stringify([fields, message])),
    info: (fields, message) => void logged.push(JSON.stringify([fields, message])),
    warn: (fields, message) => void logged.push(JSON.stringify([fields, message])),
    error: (fields, message) => void logged.push(`ERROR ${message} ${String(fields['error'])}`),
  };

  const settings = memorySettings(NOW);
  const runs: { readonly name: ScheduleName; readonly ids: readonly InstanceId[] | null }[] = [];

  const met = inMemoryPeople((id) => instances.has(id), available);

  const deps: HttpDeps = {
    people: met.people,
    catalogue: {
      instances: () => available(page([...instances.values()])),
      instance: (id) => available(Effect.suspend(() => found(instances.get(id)))),
      jobs: ({ instanceId, status }) =>
        available(
          Effect.suspend(() =>
            page(
              [...jobs.values()].filter(
                (job) => (instanceId ?? job.instanceId) === job.instanceId && (status ?? job.status) === job.status,
              ),
            ),
          ),
        ),
      job: (instanceId, jobId) =>
        available(
          Effect.suspend(() =>
            found([...jobs.values()].find((job) => job.jobId === jobId && job.instanceId === instanceId)),
          ),
        ),
      pushes: () => available(Effect.succeed({ waiting: 0, setAside: 0, failure: null })),
      conversations: () => available(page([])),
      coverage: () => available(page([])),
      events: () => available(page([])),
    },
    registry: {
      create: ({ name, channel, credentials }) =>
        available(
          Effect.suspend(() => {
            const { token } = credentials;
            if (token !== undefined && [...tokens.values()].includes(token))
              return Effect.fail(refused(409, 'account_held'));
            const id = InstanceId.make(crypto.randomUUID());
            const view: InstanceView = {
              id,
              name,
              channel,
              state: 'stopped',
              account: null,
              error: null,
              createdAt: new Date(NOW).toISOString(),
            };
            instances.set(id, view);
            tokens.set(id, credentials.token ?? '');
            return Effect.succeed(view);
          }),
        ),
      update: (id, { name, credentials }) =>
        available(
          Effect.map(
            Effect.suspend(() => found(instances.get(id))),
            (view) => {
              const changed = { ...view, name: name ?? view.name };
              instances.set(id, changed);
              if (credentials !== undefined) tokens.set(id, credentials.token ?? '');
              return changed;
            },
          ),
        ),
      contentsOf: () =>
        available(Effect.succeed({ events: 1200, conversations: 7, contacts: 40, groups: 5, pushes: 2, jobs: 3 })),
      remove: (id) => available(Effect.sync(() => void instances.delete(id))),
      credentials: (id) => available(Effect.map(found(tokens.get(id)), (token) => ({ token }))),
    },
    settings: {
      all: available(settings.all),
      changesSince: (id) => available(settings.changesSince(id)),
      of: (owner) => available(settings.of(owner)),
      views: (owner) => available(settings.views(owner)),
      put: (owner, values, at) => available(settings.put(owner, values, at)),
      reset: (owner, key, at) => available(settings.reset(owner, key, at)),
      history: (owner, key, asked) => available(settings.history(owner, key, asked)),
    },
    schedules: {
      views: available(Effect.succeed(SCHEDULES)),
      runNow: (name, ids) =>
        available(
          Effect.sync(() => {
            runs.push({ name, ids });
            return (ids ?? []).map((instanceId) => ({
              instanceId,
              outcome: 'skipped' as const,
              jobId: null,
              reason: 'not_connected',
            }));
          }),
        ),
    },
    commands: {
      deadLetters: () => available(Effect.suspend(() => page([...deadLetters.values()]))),
      discard: (id) => available(Effect.asVoid(Effect.suspend(() => found(deadLetters.delete(id) || undefined)))),
    },
    bus: {
      submit: (instanceId, command) =>
        available(
          Effect.gen(function* () {
            yield* found(instances.get(instanceId));
            if (command.type === 'startSync') yield* startJob(instanceId, command);
            return letterOf(instanceId, command);
          }),
        ),
      requeue: (id) =>
        available(
          Effect.map(
            Effect.suspend(() => found(deadLetters.get(id))),
            (dead) => letterOf(dead.instanceId, dead.command),
          ),
        ),
    },
    inspector: {
      actors: available(Effect.sync(() => [...instances.values()].map((view) => summaryOf(treeOf(view))))),
      actor: (id) =>
        available(
          Effect.map(
            Effect.suspend(() => found(instances.get(id))),
            treeOf,
          ),
        ),
      pairing: (id) => Effect.sync(() => offers.get(id) ?? null),
      watch: (_id, onStep) => {
        watchers.add(onStep);
        return () => void watchers.delete(onStep);
      },
    },
    feed: {
      subscribe: (onEvent) => {
        listeners.add(onEvent);
        return () => void listeners.delete(onEvent);
      },
    },
    outbox: {
      since: (jobId, afterId, limit) =>
        available(
          Effect.sync(() => {
            state.outboxReads += 1;
            return outbox.filter(({ id, event }) => event.jobId === jobId && id > afterId).slice(0, limit);
          }),
        ),
    },
    channels: [
      {
        name: 'discord',
        traits: { readsBelow: 'anything', pairs: false, hasAliases: false, requestsAtOnce: null, datesEdits: true },
        refuseCredentials: ({ token = '' }) => (token.length < 20 ? 'is too short for a bot token' : null),
      },
      {
        name: 'whatsapp',
        traits: { readsBelow: 'held', pairs: true, hasAliases: true, requestsAtOnce: 1, datesEdits: false },
        refuseCredentials: ({ historyDepth }) => (historyDepth === undefined ? 'is missing' : null),
      },
    ],
    settingsChanged: (changed) => Effect.sync(() => void settingsSeen.push(...changed)),
    removeInstance: (id) => available(Effect.sync(() => void instances.delete(id))),
    readiness: Effect.sync(() => ({ ready: state.ready, checks: { database: state.ready ? 'ok' : 'away' } })),
    metrics: { render: async () => '# metrics\n' },
    log,
    clock: () => NOW,
  };

  /** Commits an event, and publishes it unless told to leave that undone, as a crash between the two would. */
  const commit = (instanceId: InstanceId, jobId: JobId, name: WorldEventName, publish = true): number => {
    const id = (outbox.at(-1)?.id ?? 0) + 3;
    const event: OutboxEvent = { id, instanceId, channel: 'discord', at: NOW, event: { name, jobId, data: { n: id } } };
    outbox.push(event);
    if (publish) for (const listener of listeners) listener(event);
    return id;
  };

  const setStatus = (jobId: string, status: JobStatus): void => {
    const job = jobs.get(jobId);
    if (job !== undefined) jobs.set(jobId, { ...job, status });
  };

  const step = (): void => {
    for (const watcher of watchers) watcher();
  };

  return {
    deps,
    state,
    instances,
    tokens,
    jobs,
    deadLetters,
    outbox,
    listeners,
    met,
    watchers,
    offers,
    submitted,
    logged,
    settingsSeen,
    runs,
    commit,
    setStatus,
    step,
  };
};

const summaryOf = (tree: ActorTree): ActorSummary => {
  const { instanceId, name, node, partition, epoch, state, rateLimit, jobs, mailboxDepth, stale, parked } = tree;
  return { instanceId, name, node, partition, epoch, state, rateLimit, jobs, mailboxDepth, stale, parked };
};

const isActive = (status: JobStatus): boolean => ACTIVE_STATUSES.some((active) => active === status);

export type InMemory = ReturnType<typeof inMemoryDeps>;
