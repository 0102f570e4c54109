import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { Cause, Effect, Exit, Fiber, Result } from 'effect';
import { startApp } from './app.ts';
import { loadConfig } from './config/load-config.ts';
import { createLog } from './telemetry/log.ts';

/** Environment -> config -> app; signals end it. The process exits with 0 after a clean end, with 1 otherwise. */

// V8 lets garbage grow to four times what lives before it collects, and the resident set with it: 200 MB more in a
// long sync than in a short one. Half of what lives will do, and costs no throughput that can be measured.
setFlagsFromString('--heap-growing-percent=50');

const refuse = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const loaded = loadConfig(process.env);
const config = Result.isFailure(loaded) ? refuse(loaded.failure.message) : loaded.success;
const log = createLog({ level: config.logLevel, pretty: process.stdout.isTTY });

const service = Effect.scoped(
  Effect.gen(function* () {
    const { host, port } = yield* startApp(config, log);
    const database = config.databaseUrl === null ? `embedded in ${config.dataDir}` : 'PostgreSQL';
    log.info({ host, port, database }, `Omni History Sync listens on http://${host}:${port} (docs at /docs).`);
    return yield* Effect.never;
  }),
);

const fiber = Effect.runFork(service);

let isStopping = false;
const stop = (signal: NodeJS.Signals): void => {
  if (isStopping) refuse('Stopped at once, without finishing what was under way.');
  isStopping = true;
  log.info({ signal }, 'Stopping: finishing what is under way. A second signal stops at once.');
  Effect.runFork(Fiber.interrupt(fiber));
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

// Whatever nobody expected: the state in memory can no longer be trusted, the rows can.
const crash = (error: unknown): void => {
  log.error({ error }, 'Unexpected failure; the process ends, and goes on from its rows when it is started again.');
  process.exit(1);
};
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause);
  return error instanceof Error && error.message !== '' ? error.message : String(error);
};

fiber.addObserver((exit) => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) {
    log.info({}, 'Stopped.');
    process.exit(0);
  }
  log.debug({ cause: Cause.pretty(exit.cause) }, 'The service could not go on.');
  refuse(messageOf(exit.cause));
});
