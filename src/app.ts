import { randomUUID } from 'node:crypto';
import { uptime } from 'node:os';
import { Clock, Effect, type Scope } from 'effect';
import { discordChannel } from './channels/discord/discord-channel.ts';
import { whatsappChannel } from './channels/whatsapp/whatsapp-channel.ts';
import type { Config } from './config/config.ts';
import { startTicking } from './cron/start-ticking.ts';
import type { Database } from './db/database.ts';
import { type DatabaseFailure, openDatabase } from './db/open-database.ts';
import type { ChannelName } from './domain/channel-name.ts';
import type { StoreUnavailable } from './domain/errors.ts';
import type { InstanceId } from './domain/ids.ts';
import type { Log } from './domain/log.ts';
import { ruleOf } from './domain/schedule.ts';
import type { ListenRefused } from './http/listen-refused.ts';
import { type Listening, startHttp } from './http/start-http.ts';
import type { NatsRefused } from './nats/nats-refused.ts';
import { openNats } from './nats/open-nats.ts';
import { awaitRun } from './runtime/messaging/await-run.ts';
import { commandIntake } from './runtime/messaging/command-intake.ts';
import { inProcessMessaging, type Messaging } from './runtime/messaging/messaging.ts';
import { DatabaseClock } from './runtime/node/database-clock.ts';
import { inspectorOf, localInspection } from './runtime/node/inspect.ts';
import { measureBacklog } from './runtime/node/measure-backlog.ts';
import { measureNode } from './runtime/node/measure-node.ts';
import { startNode } from './runtime/node/node.ts';
import { readinessOf } from './runtime/node/readiness.ts';
import { countSuspensions } from './runtime/node/suspensions.ts';
import { scheduler } from './sync/schedules/scheduler.ts';
import { limitsChanged, limitsOf } from './sync/settings/limits.ts';
import { startRetention } from './sync/settings/retention-rounds.ts';
import { followSettings } from './sync/settings/settings-in-force.ts';
import { syncWork } from './sync/sync-work.ts';
import { createMetricsRegistry } from './telemetry/metrics-registry.ts';

/** Why the service cannot start. Each has a message for the operator. */
export type StartRefused = DatabaseFailure | NatsRefused | ListenRefused;

/** What lies beyond the process. Exchangeable, so that failures can be brought about at any point of the protocol. */
export interface Parts {
  readonly openDatabase: typeof openDatabase;
  readonly openMessaging: typeof openMessaging;
  /** Since the machine was started, the time that it slept included, ms. */
  readonly uptimeMs: () => number;
}

const openMessaging = (
  { identity, runtime }: Database,
  { nats }: Config,
  log: Log,
): Effect.Effect<Messaging, NatsRefused | StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    if (nats === null) return inProcessMessaging();
    const otherNodes = Effect.map(runtime.leases.liveNodes, (nodes) => nodes - 1);
    return yield* openNats({ ...nats, databaseId: yield* identity, otherNodes }, log);
  });

export const REAL_PARTS: Parts = { openDatabase, openMessaging, uptimeMs: () => uptime() * 1_000 };

/**
 * The composition root: the only file that knows everything. Parts start in this order, and stop in the reverse
 * one when the scope closes: the API ends first, then every instance finishes its step and lets go of its
 * partition, then the database closes.
 */
export const startApp = (
  config: Config,
  log: Log,
  parts: Parts = REAL_PARTS,
): Effect.Effect<Listening, StartRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const database = yield* parts.openDatabase({ ...config, logger: log });
    // Several processes go by the clock that they share; one that is alone by its own, whoever sets it meanwhile.
    const clock = new DatabaseClock(yield* Clock.Clock);
    if (database.exclusive) yield* countSuspensions(clock, parts.uptimeMs, log);
    const renewed = (databaseMs: number, askedAtMs: number) => clock.set(databaseMs, askedAtMs);
    return yield* Effect.provideService(startOn(database, parts, config, log, renewed), Clock.Clock, clock);
  });

const startOn = (
  database: Database,
  parts: Parts,
  config: Config,
  log: Log,
  renewed: (databaseMs: number, askedAtMs: number) => void,
): Effect.Effect<Listening, NatsRefused | ListenRefused | StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock;
    const now = () => clock.currentTimeMillisUnsafe();
    const metrics = createMetricsRegistry();
    const { runtime, registry, catalogue, commands, exclusive } = database;
    const settings = yield* followSettings(database.settings, !exclusive, log);
    const messaging = yield* parts.openMessaging(database, config, log);
    const channels = [
      discordChannel({ apiUrl: config.discordApiUrl, log, now }),
      whatsappChannel({ socketUrl: config.whatsappSocketUrl, mediaUrl: config.whatsappMediaUrl, log, now }),
    ];
    const channelOf = (name: ChannelName) => channels.find((channel) => channel.name === name) ?? null;
    const limits = (id: InstanceId, name: ChannelName) =>
      limitsOf(settings.of(id), name, channelOf(name)?.traits.requestsAtOnce ?? null);

    const node = yield* startNode({
      nodeId: randomUUID(),
      isAlone: exclusive,
      // Enough to keep every session busy, and few enough that whoever else needs one need not wait for long.
      restoresAtOnce: 2 * config.databasePoolSize,
      renewed,
      store: runtime,
      work: syncWork(database.sync, (id) => {
        const own = settings.of(id);
        return own['sync.onConnect'] ? own['sync.defaultDepth'] : null;
      }),
      channelOf,
      credentials: registry.credentials,
      vault: database.vault,
      limits,
      chance: { random: Math.random, uuid: randomUUID },
      ...messaging,
      metrics,
      log,
    });
    measureNode(metrics, node, now);
    metrics.gauge('omni_messaging', () => [{ labels: { state: messaging.state() }, value: 1 }]);
    yield* measureBacklog(metrics, node, database.backlog, log);
    const local = localInspection(node, now);
    yield* messaging.wire.serve(local);

    settings.onChange((changes) => Effect.sync(() => node.tellAll(limitsChanged(changes, limits))));
    settings.onChange((changes) =>
      changes.some(({ key }) => key === 'search.index')
        ? Effect.ignore(database.setSearchIndex(settings.current()['search.index']))
        : Effect.void,
    );
    yield* database.setSearchIndex(settings.current()['search.index']);
    yield* startRetention(database.retention, settings.current, log);

    const bus = commandIntake(commands, messaging.mailbox, metrics, now);
    const schedules = scheduler({
      store: database.schedules,
      bus,
      isEnabled: (name, id) => ruleOf(settings.of(id), name).enabled,
      uuid: randomUUID,
      log,
    });
    yield* startTicking(schedules.look, log);
    return yield* startHttp(
      {
        catalogue,
        people: database.people,
        registry,
        commands,
        settings: database.settings,
        schedules,
        bus,
        inspector: inspectorOf(node, local, messaging.wire, runtime),
        feed: messaging.carrier,
        outbox: runtime.outbox,
        channels,
        settingsChanged: settings.take,
        removeInstance: (id) =>
          Effect.gen(function* () {
            // Wherever it lives, its connection ends before its rows do. Should the letter be lost, its owner finds
            // out.
            yield* Effect.ignore(
              Effect.flatMap(bus.submit(id, { type: 'disconnect' }), (letter) => awaitRun(runtime, letter)),
            );
            yield* node.halt(id);
            yield* registry.remove(id);
          }),
        readiness: readinessOf(node, database.ping, messaging.state),
        metrics,
        log,
        clock: now,
      },
      config,
    );
  });
