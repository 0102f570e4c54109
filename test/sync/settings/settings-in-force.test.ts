import { Clock, Effect, Exit, Scope } from 'effect';
import { expect, onTestFinished, test } from 'vitest';
import { InstanceId } from '../../../src/domain/ids.ts';
import { silentLog } from '../../../src/domain/log.ts';
import type { SettingChange } from '../../../src/sync/settings/settings.ts';
import { followSettings } from '../../../src/sync/settings/settings-in-force.ts';
import { memorySettings } from '../../http/memory-settings.ts';
import { SimulatedClock } from '../../simulated-clock.ts';

const LIMIT = 'sync.discord.messagesPerMinute';
const one = InstanceId.make('11111111-1111-4111-8111-111111111111');
const other = InstanceId.make('22222222-2222-4222-8222-222222222222');
const run = Effect.runPromise;

/** A node that follows the settings of a store in simulated time. */
const aNode = async (store = memorySettings(0), clock = new SimulatedClock()) => {
  const scope = Effect.runSync(Scope.make());
  onTestFinished(() => run(Scope.close(scope, Exit.void)));
  const settings = await run(
    followSettings(store, true, silentLog).pipe(Scope.provide(scope), Effect.provideService(Clock.Clock, clock)),
  );
  const heard: SettingChange[] = [];
  settings.onChange((changes) => Effect.sync(() => void heard.push(...changes)));
  return { store, clock, settings, heard };
};

test('what another node changes is obeyed within a second', async () => {
  const { store, clock, settings, heard } = await aNode();
  await run(store.put(null, { [LIMIT]: 20 }, 0));
  await run(store.put(one, { [LIMIT]: 5 }, 0));
  await clock.advance(1_000);
  expect(settings.current()[LIMIT]).toBe(20);
  expect(settings.of(one)[LIMIT]).toBe(5);
  expect(settings.of(other)[LIMIT]).toBe(20);
  expect(heard).toHaveLength(2);
  await run(store.reset(one, LIMIT, 0));
  await run(store.reset(null, LIMIT, 0));
  await clock.advance(1_000);
  expect(settings.of(one)[LIMIT]).toBe(50);
});

test('what was set before it started is in force from the start', async () => {
  const store = memorySettings(0);
  await run(store.put(null, { [LIMIT]: 20 }, 0));
  const { settings, clock, heard } = await aNode(store);
  expect(settings.current()[LIMIT]).toBe(20);
  await clock.advance(2_000);
  expect(heard).toEqual([]);
});

test('one’s own change is taken up at once, only once, and hides none of another node before it', async () => {
  const { store, clock, settings, heard } = await aNode();
  await run(store.put(null, { 'sync.onConnect': false }, 0));
  await run(Effect.flatMap(store.put(null, { [LIMIT]: 9 }, 0), settings.take));
  expect(settings.current()).toMatchObject({ [LIMIT]: 9, 'sync.onConnect': true });
  await clock.advance(1_000);
  expect(settings.current()).toMatchObject({ [LIMIT]: 9, 'sync.onConnect': false });
  expect(heard.map(({ key }) => key)).toEqual([LIMIT, 'sync.onConnect']);
});

test('an earlier change that arrives late does not undo a later one', async () => {
  const { store, settings, heard } = await aNode();
  const earlier = await run(store.put(null, { [LIMIT]: 1 }, 0));
  const later = await run(store.put(null, { [LIMIT]: 2 }, 0));
  await run(settings.take(later));
  await run(settings.take(earlier));
  expect(settings.current()[LIMIT]).toBe(2);
  expect(heard).toEqual(later);
});
