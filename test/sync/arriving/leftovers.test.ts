import { Effect, Fiber, Queue } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExternalId, type InstanceId } from '../../../src/domain/ids.ts';
import type { InstanceActors } from '../../../src/runtime/instance-actors.ts';
import type { Report } from '../../../src/runtime/report.ts';
import { restoreActors } from '../../../src/runtime/step/restore.ts';
import type { InstanceWork } from '../../../src/runtime/work.ts';
import { BROUGHT_AT_ONCE } from '../../../src/sync/arriving/leftovers.ts';
import type { SyncTransaction } from '../../../src/sync/store.ts';
import { syncWork } from '../../../src/sync/sync-work.ts';
import { message, StoreRig } from '../../contract/store-driver.ts';
import { pgliteDriver } from '../../db/pglite-driver.ts';

const LID = ExternalId.make('81723645918273@lid');
const PHONE = ExternalId.make('4915112345678@s.whatsapp.net');
const AT = Date.UTC(2026, 5, 1);

describe('what an alias brings over', () => {
  const driver = pgliteDriver();
  let rig: StoreRig;
  beforeAll(async () => {
    rig = await StoreRig.open(driver);
  });
  afterAll(async () => {
    await rig?.close();
    await driver.dispose();
  });

  const begin = async (id: InstanceId) => {
    const rows = await Effect.runPromise(rig.db.runtime.load(id));
    if (rows === null) throw new Error('There is no instance.');
    const { actors } = restoreActors(rows, { messages: 600, contacts: 600, unit: 'request', atOnce: null });
    const traits = { readsBelow: 'held', pairs: true, hasAliases: true, requestsAtOnce: 1, datesEdits: false } as const;
    return {
      actors,
      work: syncWork(rig.db.sync, () => null)({ id, channel: 'whatsapp', traits, fence: rig.fence(id) }),
    };
  };

  const store = (id: InstanceId, work: InstanceWork<SyncTransaction>, actors: InstanceActors, report: Report) =>
    rig.step(id, (tx) => work.absorb(tx, actors, report, AT));

  const underTheAlias = async (id: InstanceId): Promise<number> => {
    const [row] = await rig.rows<{ count: number }>(
      'SELECT count(*)::int AS count FROM omni_events WHERE instance_id = $1 AND sender_id = $2',
      [id, LID],
    );
    return row?.count ?? Number.NaN;
  };

  /** Runs the activity and takes its steps, until it asks for none any more. Returns how many there were. */
  const workOff = async (
    id: InstanceId,
    { work, actors }: Awaited<ReturnType<typeof begin>>,
    most = Number.POSITIVE_INFINITY,
  ): Promise<number> => {
    const reports = Effect.runSync(Queue.unbounded<Report>());
    const arrivals = Effect.runSync(Queue.unbounded<void>());
    const reader = { read: () => Effect.never };
    const activity = work.workOff({ reader, arrivals, report: (report) => void Queue.offerUnsafe(reports, report) });
    const fiber = Effect.runFork(activity);
    let steps = 0;
    while (steps < most && (await Effect.runPromise(rig.db.sync.hasLeftovers(id)))) {
      const report = await Effect.runPromise(Queue.take(reports));
      await store(id, work, actors, report);
      if ('settled' in report) report.settled();
      steps += 1;
    }
    await Effect.runPromise(Fiber.interrupt(fiber));
    return steps;
  };

  it('comes in steps that each bring a part, goes on after a crash, and ends', async () => {
    const id = await rig.instance();
    const conversationId = await rig.conversation(id);
    const count = 3 * BROUGHT_AT_ONCE + 500;
    const messages = Array.from({ length: count }, (_, index) =>
      message(`m${index}`, { senderId: LID, timestamp: AT - index * 1_000 }),
    );
    await rig.step(id, (tx) => tx.upsertMessages(id, conversationId, 'push', messages, AT));

    const first = await begin(id);
    const aliases = [{ alias: LID, externalId: PHONE, phone: null }];
    await store(id, first.work, first.actors, {
      type: 'connection',
      run: 'run',
      report: { type: 'aliasesLearned', aliases },
    });
    expect(await underTheAlias(id)).toBe(count - BROUGHT_AT_ONCE);
    expect(await workOff(id, first, 1)).toBe(1);
    expect(await underTheAlias(id)).toBe(count - 2 * BROUGHT_AT_ONCE);
    // Another life, which was told nothing: the database knows what is left.
    expect(await workOff(id, await begin(id))).toBe(2);
    expect(await underTheAlias(id)).toBe(0);
  });
});
