import process from 'node:process';
import { Cause, Effect, Exit, Fiber, Option, Result, Schema } from 'effect';
import { REAL_PARTS, startApp } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { faultyDatabase } from './faulty-database.ts';
import { faultyMessaging } from './faulty-messaging.ts';
import { Order, STRIKES_VARIABLE, Strike } from './strike.ts';
import { Striker } from './striker.ts';

/*
 * The service as `src/main.ts` runs it, on parts that strike at named points of the protocol: as the variable
 * TEST_STRIKES says, and as whoever started the process tells it later.
 */

const decodeStrikes = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Strike)));
const decodeOrder = Schema.decodeUnknownOption(Order);

const striker = new Striker();
for (const strike of decodeStrikes(process.env[STRIKES_VARIABLE] ?? '[]')) striker.arm(strike);
process.on('message', (message) => {
  const order = decodeOrder(message);
  if (Option.isNone(order)) return;
  const { arm } = order.value;
  if (arm === null) striker.disarm();
  else striker.arm(arm);
});

const config = Result.getOrThrow(loadConfig(process.env));
const log = createLog({ level: config.logLevel, pretty: false });

const service = Effect.scoped(
  Effect.gen(function* () {
    const { host, port } = yield* startApp(config, log, {
      ...REAL_PARTS,
      openDatabase: faultyDatabase(striker, REAL_PARTS.openDatabase),
      openMessaging: faultyMessaging(striker, REAL_PARTS.openMessaging),
    });
    log.info({ host, port }, 'The service listens, and will be struck as planned.');
    return yield* Effect.never;
  }),
);

const fiber = Effect.runFork(service);
process.once('SIGTERM', () => void Effect.runFork(Fiber.interrupt(fiber)));

const crash = (error: unknown): void => {
  log.error({ error }, 'Unexpected failure.');
  process.exit(1);
};
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

fiber.addObserver((exit) => {
  if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) crash(Cause.squash(exit.cause));
  process.exit(0);
});
