import { randomUUID } from 'node:crypto';
import { Clock, Effect, type Scope } from 'effect';
import type { Channel } from './channels/channel.ts';
import { discordChannel } from './channels/discord/discord-channel.ts';
import type { Config } from './config/config.ts';
import type { DataDirHeld } from './db/data-dir-held.ts';
import type { DatabaseRefused } from './db/database-refused.ts';
import { openDatabase } from './db/open-database.ts';
import type { StoreUnavailable } from './domain/errors.ts';
import type { Log } from './domain/log.ts';
import type { Settings } from './domain/settings.ts';
import type { ListenRefused } from './http/listen-refused.ts';
import { type Listening, startHttp } from './http/start-http.ts';
import { commandIntake } from './runtime/command-intake.ts';
import { PARTITIONS } from './runtime/fence.ts';
import { inProcessMailbox } from './runtime/in-process-mailbox.ts';
import { inspectorOf } from './runtime/inspect.ts';
import { measureNode } from './runtime/measure-node.ts';
import { startNode } from './runtime/node.ts';
import { startOutboxPublisher } from './runtime/outbox-publisher.ts';
import { limitsOf } from './sync/limits.ts';
import { startRetention } from './sync/retention-rounds.ts';
import { syncWork } from './sync/sync-work.ts';
import { createMetricsRegistry } from './telemetry/metrics-registry.ts';

/** Why the service cannot start. Each has a message for the operator. */
export type StartRefused = DatabaseRefused | DataDirHeld | ListenRefused | StoreUnavailable;

/**
 * The composition root: the only file that knows everything. Parts start in this order, and stop in the reverse
 * one when the scope closes: the API ends first, then every instance finishes its step and lets go of its
 * partition, then the database closes.
 */
export const startApp = (config: Config, log: Log): Effect.Effect<Listening, StartRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock;
    const metrics = createMetricsRegistry();
    const { dataDir, databaseUrl, secretKey, previousSecretKeys } = config;
    const database = yield* openDatabase({ databaseUrl, dataDir, secretKey, previousSecretKeys, logger: log });
    const { runtime, registry, catalogue, commands } = database;

    let settings: Settings = yield* database.settings.all;
    yield* database.setSearchIndex(settings['search.index']);
    yield* startRetention(database.retention, () => settings, log);

    const channels: readonly Channel[] = [
      discordChannel({ apiUrl: config.discordApiUrl, log, now: () => clock.currentTimeMillisUnsafe() }),
    ];
    const mailbox = inProcessMailbox();
    const publisher = yield* startOutboxPublisher(runtime.outbox, metrics, log);
    publisher.wake();
    const node = yield* startNode({
      nodeId: randomUUID(),
      isAlone: database.exclusive,
      store: runtime,
      mailbox,
      work: syncWork(database.sync),
      channel: (name) => channels.find((channel) => channel.name === name) ?? null,
      credentials: registry.credentials,
      limits: (name) => limitsOf(settings, name),
      chance: { random: Math.random, uuid: randomUUID },
      published: publisher.wake,
      metrics,
      log,
    });
    measureNode(metrics, node, () => clock.currentTimeMillisUnsafe());

    return yield* startHttp(
      {
        catalogue,
        registry,
        commands,
        settings: database.settings,
        bus: commandIntake(commands, mailbox, metrics),
        inspector: inspectorOf(node, runtime),
        feed: publisher,
        outbox: runtime.outbox,
        channels,
        settingsChanged: (changed) =>
          Effect.gen(function* () {
            settings = changed;
            node.tellAll(({ live }) =>
              live === null
                ? []
                : [
                    {
                      to: 'rate-limit',
                      event: { type: 'limitsChanged', limits: limitsOf(changed, live.rows.channel) },
                    },
                  ],
            );
            yield* Effect.ignore(database.setSearchIndex(changed['search.index']));
          }),
        removeInstance: (id) => Effect.andThen(node.halt(id), registry.remove(id)),
        readiness: Effect.map(Effect.exit(database.ping), (ping) => {
          const checks = {
            database: ping._tag === 'Success' ? 'ok' : 'away',
            partitions:
              node.ownedPartitions() === PARTITIONS ? 'ok' : `${node.ownedPartitions()} of ${PARTITIONS} held`,
          };
          return { ready: Object.values(checks).every((check) => check === 'ok'), checks };
        }),
        metrics,
        log,
        clock: () => clock.currentTimeMillisUnsafe(),
      },
      config,
    );
  });
