import { Clock, Effect, Exit, Scope } from 'effect';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { measureBacklog } from '../../../src/runtime/node/measure-backlog.ts';
import type { BacklogStore } from '../../../src/runtime/store/backlog-store.ts';
import { createMetricsRegistry } from '../../../src/telemetry/metrics-registry.ts';
import { SimulatedClock } from '../../simulated-clock.ts';

let clock: SimulatedClock;
let scope: Scope.Closeable;
let isAway = false;
let isTrusted = true;

beforeEach(() => {
  clock = new SimulatedClock();
  scope = Scope.makeUnsafe();
  isAway = false;
  isTrusted = true;
});
afterEach(() => Effect.runPromise(Scope.close(scope, Exit.void)));

const backlog: BacklogStore = (partitions) =>
  Effect.suspend(() =>
    isAway
      ? Effect.fail(new StoreUnavailable({ cause: 'away' }))
      : Effect.succeed({ openCommands: partitions.length, unsentEvents: 5, unowned: 7 }),
  );

const measured = async (isAlone: boolean) => {
  const metrics = createMetricsRegistry();
  const node = { isAlone, isTrusted: () => isTrusted, ownedPartitions: () => [1, 2, 3] };
  const measuring = measureBacklog(metrics, node, backlog, silentLog);
  await Effect.runPromise(Scope.provide(Effect.provideService(measuring, Clock.Clock, clock), scope));
  await clock.advance(1);
  return metrics;
};

it('shows what waits in the tables for this node, and what no node owns', async () => {
  const text = await (await measured(false)).render();
  expect(text).toContain('omni_mailbox_depth 3');
  expect(text).toContain('omni_outbox_unsent 5');
  expect(text).toContain('omni_partitions_unowned 7');
  expect(text).toContain('omni_lease_trusted 1');
});

it('shows nothing rather than an old figure while the database is away, and that the lease is lost', async () => {
  const metrics = await measured(false);
  isAway = true;
  isTrusted = false;
  await clock.advance(5_000);
  const text = await metrics.render();
  expect(text).not.toMatch(/^omni_(mailbox_depth|outbox_unsent|partitions_unowned) /m);
  expect(text).toContain('omni_lease_trusted 0');
});

it('knows of a process that is alone that nobody owns what it does not', async () => {
  expect(await (await measured(true)).render()).toContain('omni_partitions_unowned 61');
});
