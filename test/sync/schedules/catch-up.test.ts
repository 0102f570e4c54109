import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialTransition } from 'xstate';
import { instanceMachine } from '../../../machines/instance.ts';
import { rateLimitMachine } from '../../../machines/rate-limit.ts';
import type { CatchUp } from '../../../src/domain/catch-up.ts';
import type { SyncDepth } from '../../../src/domain/depth.ts';
import { InstanceId, JobId } from '../../../src/domain/ids.ts';
import { type JobStatus, NO_PROGRESS, type PartProgress, progressOf } from '../../../src/domain/job.ts';
import type { InstanceActors } from '../../../src/runtime/instance-actors.ts';
import type { JobRecord } from '../../../src/runtime/store/step-transaction.ts';
import { catchUpAfter } from '../../../src/sync/schedules/catch-up.ts';
import { SEED } from '../../machines/seed.ts';
import { CoreWorld, LIMITS } from '../../runtime/core-world.ts';
import type { StepFault } from '../../runtime/memory-runtime-store.ts';
import type { PlatformFault } from '../../runtime/model-platform.ts';
import { MemoryStore } from '../memory-store.ts';

const NAMES = ['one', 'two', 'three'];
const DAY_MS = 86_400_000;
const ID = InstanceId.make('11111111-1111-4111-8111-111111111111');

type Deed =
  | { readonly do: 'drop'; readonly loss: boolean }
  | { readonly do: 'connect' | 'disconnect' | 'restart' | 'sync' }
  | { readonly do: 'post'; readonly conversation: number; readonly count: number }
  | { readonly do: 'platform'; readonly fault: PlatformFault }
  | { readonly do: 'store'; readonly fault: StepFault };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('drop' as const), loss: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('connect' as const, 'disconnect' as const, 'restart' as const) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'sync' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      conversation: fc.nat(2),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('platform' as const),
      fault: fc.constantFrom<PlatformFault>(
        { kind: 'unreachable' },
        { kind: 'rateLimited', scope: 'instance', retryAfterMs: 5_000 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      fault: fc.constantFrom<StepFault>('contention', 'away', 'unknown', 'defect'),
    }),
  },
);

const aWorld = (depth: SyncDepth | null): CoreWorld => {
  const world = new CoreWorld(NAMES);
  world.depthOnConnect = depth;
  for (const conversation of world.platform.conversations) {
    for (let ago = 20; ago > 0; ago--) conversation.post(world.now - 1_000 * ago);
  }
  return world;
};

const post = ({ platform, now }: CoreWorld, conversation: number, count: number): void => {
  const found = platform.conversations[conversation];
  for (let posted = 0; found !== undefined && posted < count; posted++) platform.post(found, now);
};

const perform = async (world: CoreWorld, one: Deed): Promise<void> => {
  switch (one.do) {
    case 'drop':
      return world.platform.drop(one.loss);
    case 'restart':
      await world.stop();
      return world.start();
    case 'sync':
      await world.sync();
      return;
    case 'connect':
    case 'disconnect':
      return world.submit({ type: one.do });
    case 'post':
      return post(world, one.conversation, one.count);
    case 'platform':
      world.platform.faults.push(one.fault);
      return;
    case 'store':
      world.store.faults.push(one.fault);
  }
};

const [initial] = initialTransition(instanceMachine);
const stopped: InstanceActors = {
  supervisor: initial,
  limiter: initialTransition(rateLimitMachine, { limits: LIMITS })[0],
  jobs: new Map(),
};
const online = (continuity: string): InstanceActors => ({
  ...stopped,
  supervisor: instanceMachine.resolveState({ value: 'online', context: { ...initial.context, continuity } }),
});

/** Online, with everything done that was asked for, by whomever. */
const quiet = async (world: CoreWorld): Promise<void> => {
  world.platform.faults.length = 0;
  world.store.faults.length = 0;
  await world.submit({ type: 'connect' });
  await world.wait(60_000);
  for (let minutes = 0; !world.areJobsOver || world.store.rows.lastSeq < world.store.accepted; minutes++) {
    expect(world.broken).toBeNull();
    if (minutes > 600) throw new Error(`stuck: ${JSON.stringify([...world.jobs.values()])}`);
    await world.wait(60_000);
  }
  await world.wait(1_000);
};

const missing = ({ platform, store }: CoreWorld): readonly string[] =>
  platform.conversations.flatMap(({ externalId, alive }) => {
    const id = store.rows.conversations.get(externalId)?.id;
    const held = id === undefined ? new Map() : store.rows.messagesOf(id);
    return alive.filter((message) => !held.has(message.id)).map((message) => message.id);
  });

const configs = ({ store }: CoreWorld) =>
  [...store.rows.jobs.values()].map(({ snapshot }) => (snapshot.context as { config: { type: string } }).config.type);

describe(`an instance that syncs on connect (TEST_SEED=${SEED})`, () => {
  it('holds everything in the end, whatever was missed, with one job for each gap at most', async () => {
    const steps = fc.array(fc.tuple(deed, fc.integer({ min: 0, max: 20_000 })), { maxLength: 30, size: 'max' });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const world = aWorld('7d');
        await world.start();
        try {
          await world.submit({ type: 'connect' });
          for (const [one, ms] of all) {
            await perform(world, one);
            await world.wait(ms);
            expect(world.broken).toBeNull();
          }
          await quiet(world);
          expect(missing(world)).toEqual([]);
        } finally {
          await world.stop();
        }
      }),
      { seed: SEED, numRuns: 40 },
    );
  });

  it('syncs everything when it connects for the first time, messages after a gap, and nothing without one', async () => {
    const world = aWorld('7d');
    await world.start();
    try {
      await quiet(world);
      expect(configs(world)).toEqual(['all']);
      await world.wait(3_600_000);
      expect(configs(world)).toEqual(['all']);
      world.platform.drop(true);
      post(world, 0, 3);
      await quiet(world);
      expect(configs(world)).toEqual(['all', 'messages']);
      await world.stop();
      post(world, 1, 3);
      await world.start();
      await quiet(world);
      expect(configs(world)).toEqual(['all', 'messages', 'messages']);
      expect(missing(world)).toEqual([]);
    } finally {
      await world.stop();
    }
  });

  it('does neither where it shall not', async () => {
    const world = aWorld(null);
    await world.start();
    try {
      await quiet(world);
      world.platform.drop(true);
      await quiet(world);
      expect(configs(world)).toEqual([]);
      world.depthOnConnect = '7d';
      world.platform.drop(true);
      await quiet(world);
      expect(configs(world)).toEqual(['all']);
    } finally {
      await world.stop();
    }
  });

  it('waits for a job that works on all messages already, and follows it', async () => {
    const world = aWorld('7d');
    await world.start();
    try {
      await world.sync();
      await quiet(world);
      expect(configs(world)).toEqual(['messages', 'all']);
    } finally {
      await world.stop();
    }
  });

  it('does not follow a job that somebody cancelled: the next connection catches up', async () => {
    const world = aWorld('7d');
    await world.start();
    try {
      const asked = await world.sync();
      await world.submit({ type: 'pauseSync', jobId: asked });
      await world.submit({ type: 'connect' });
      await world.wait(60_000);
      await world.submit({ type: 'cancelSync', jobId: asked });
      await quiet(world);
      expect(configs(world)).toEqual(['messages']);
      world.platform.drop(true);
      await quiet(world);
      expect(configs(world)).toEqual(['messages', 'all']);
    } finally {
      await world.stop();
    }
  });

  it('reaches back to where the last one that was completed began, or was to reach', async () => {
    const at = Date.UTC(2026, 5, 1);
    const since = async (
      last: CatchUp | null,
      status: JobStatus,
      messages: PartProgress['status'] = 'completed',
    ): Promise<unknown> => {
      const tx = new MemoryStore();
      if (last !== null) {
        tx.catchingUp.catchUps.push(last);
        const parts = progressOf('all').parts.map((one) =>
          one.part === 'messages' ? { ...one, status: messages } : one,
        );
        tx.jobs.set(last.jobId, { status, progress: { ...NO_PROGRESS, parts } } as Partial<JobRecord> as JobRecord);
      }
      const setting = { tx, instanceId: ID, depth: '7d' as const, moment: { at, random: 0, fresh: ID } };
      const command = await catchUpAfter(setting, stopped, online('second'));
      return command?.type === 'startSync' ? command.config : command;
    };
    const last = (begunAt: number): CatchUp => ({
      continuity: 'first',
      begunAt,
      since: begunAt - 7 * DAY_MS,
      jobId: JobId.make(ID),
    });
    expect(await since(null, 'completed')).toMatchObject({ type: 'all', depth: '7d', since: at - 7 * DAY_MS });
    const recent = last(at - DAY_MS);
    expect(await since(recent, 'completed')).toMatchObject({ type: 'messages', depth: '7d', since: at - 7 * DAY_MS });
    expect(await since(recent, 'failed')).toMatchObject({ depth: null, since: at - 8 * DAY_MS });
    expect(await since(recent, 'completed', 'failed')).toMatchObject({ depth: null, since: at - 8 * DAY_MS });
    const longAgo = last(at - 30 * DAY_MS);
    expect(await since(longAgo, 'completed')).toMatchObject({ depth: null, since: at - 30 * DAY_MS });
    expect(await since(longAgo, 'cancelled')).toMatchObject({ depth: null, since: at - 37 * DAY_MS });
    expect(await since({ ...recent, continuity: 'second' }, 'failed')).toBeNull();
  });
});
