import { Effect } from 'effect';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Fenced } from '../../../src/domain/errors.ts';
import type { InstanceId, JobId } from '../../../src/domain/ids.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';
import { StoreRig } from '../../contract/store-driver.ts';
import { pgliteDriver } from '../../db/pglite-driver.ts';
import { jobConfig, newJobId } from '../../harness/job-config.ts';
import { NodeRig, type Tampering } from '../node-rig.ts';

const driver = pgliteDriver();
const NEIGHBOURS = 4;
const LIVES = 8;

let store: StoreRig;
let rig: NodeRig;
let isKilled = false;

beforeAll(async () => {
  store = await StoreRig.open(driver);
});
afterEach(() => rig?.stop());
afterAll(async () => {
  await store?.close();
  await driver.dispose();
});

/** From the moment in which the command kills, nothing that this process does reaches the database. */
const unlessKilled = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E | Fenced> =>
  Effect.suspend(
    (): Effect.Effect<A, E | Fenced> => (isKilled ? Effect.fail(new Fenced({ partition: 0, epoch: 0 })) : work),
  );

/** The process dies of the step that starts this job. */
const killedBy =
  (killer: JobId, victim: InstanceId): Tampering =>
  ({ step, beginAgain, leases }) => ({
    beginAgain: (fence, letter) => unlessKilled(beginAgain(fence, letter)),
    step: (fence, body) =>
      unlessKilled(
        step(fence, (tx) =>
          body({
            ...tx,
            saveJob: (record) => {
              if (record.jobId === killer && record.status !== 'failed') isKilled = true;
              if (isKilled) throw new Error('killed');
              return tx.saveJob(record);
            },
          }),
        ),
      ),
    // It is the first of those that begin at the same time: when it kills, the others have begun, and not ended.
    leases: {
      ...leases,
      claimAll: (node) =>
        Effect.map(leases.claimAll(node), (fences) => {
          const first = fences.filter(({ partition }) => partition === partitionOf(victim));
          return [...first, ...fences.filter((fence) => !first.includes(fence))];
        }),
    },
  });

it('of commands that begin together only the one that kills each time is a dead letter', async () => {
  const victim = await store.instance();
  const killer = newJobId();
  const neighbours: InstanceId[] = [];
  while (neighbours.length < NEIGHBOURS) {
    const id = await store.instance();
    if (partitionOf(id) !== partitionOf(victim)) neighbours.push(id);
  }
  rig = new NodeRig(store, killedBy(killer, victim));
  await rig.accept(victim, { type: 'startSync', jobId: killer, config: jobConfig() });
  for (const id of neighbours) await rig.accept(id, { type: 'connect' });
  let deaths = 0;
  for (let lives = 0; lives < LIVES && (lives === 0 || isKilled); lives++) {
    isKilled = false;
    await rig.start();
    if (!isKilled) break;
    deaths += 1;
    await rig.stop();
  }
  expect(deaths).toBe(4);
  expect(await Effect.runPromise(store.db.catalogue.job(victim, killer))).toMatchObject({ status: 'failed' });
  for (const id of neighbours) expect(rig.state(id)).toBe('online');
  const { items } = await Effect.runPromise(store.db.commands.deadLetters({ limit: 50, cursor: null }));
  expect(items.map(({ instanceId, attempts }) => [instanceId, attempts])).toEqual([[victim, 5]]);
});
