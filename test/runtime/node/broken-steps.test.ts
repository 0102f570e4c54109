import { Effect } from 'effect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import type { InstanceId, JobId } from '../../../src/domain/ids.ts';
import type { JobView } from '../../../src/domain/job.ts';
import { measureNode } from '../../../src/runtime/node/measure-node.ts';
import { createMetricsRegistry } from '../../../src/telemetry/metrics-registry.ts';
import { StoreRig } from '../../contract/store-driver.ts';
import { pgliteDriver } from '../../db/pglite-driver.ts';
import { jobConfig, newJobId } from '../../harness/job-config.ts';
import { NodeRig, type Tampering } from '../node-rig.ts';

const driver = pgliteDriver();

describe('an instance whose steps break', () => {
  let store: StoreRig;
  let rig: NodeRig;
  const instances: InstanceId[] = [];

  beforeAll(async () => {
    store = await StoreRig.open(driver);
  });
  afterEach(async () => {
    await rig?.stop();
    for (const id of instances.splice(0)) await Effect.runPromise(store.db.registry.remove(id));
  });
  afterAll(async () => {
    await store?.close();
    await driver.dispose();
  });

  const newInstance = async (): Promise<InstanceId> => {
    const id = await store.instance();
    instances.push(id);
    return id;
  };
  const begin = async (tamper?: Tampering): Promise<InstanceId> => {
    rig = new NodeRig(store, tamper);
    const id = await newInstance();
    await rig.start();
    return id;
  };
  const job = (id: InstanceId, jobId: JobId): Promise<JobView> => Effect.runPromise(store.db.catalogue.job(id, jobId));
  const lastSeq = async (id: InstanceId): Promise<number | undefined> =>
    (await Effect.runPromise(store.db.runtime.load(id)))?.lastSeq;

  /** Refuses whatever a restore makes of these, like a constraint that its row breaks. */
  const refusing =
    (poisoned: { jobId: string | null; isSupervisor: boolean }): Tampering =>
    ({ step }) => ({
      step: (fence, body) =>
        step(fence, (tx) =>
          body({
            ...tx,
            saveJob: (record) => {
              if (record.jobId === poisoned.jobId) throw new Error('injected');
              return tx.saveJob(record);
            },
            saveActor: (...actor) => {
              if (poisoned.isSupervisor && actor[1] === 'instance') throw new Error('injected');
              return tx.saveActor(...actor);
            },
          }),
        ),
    });

  it('fails a job that breaks the step of its restore every time, and goes on with the rest', async () => {
    const poisoned = { jobId: null as string | null, isSupervisor: false };
    const id = await begin(refusing(poisoned));
    rig.platform.conversations[0]?.post(rig.clock.now() - 1);
    await rig.submit(id, { type: 'connect' });
    const bad = newJobId();
    await rig.accept(id, { type: 'startSync', jobId: bad, config: jobConfig() });
    await rig.submit(id, { type: 'pauseSync', jobId: bad });
    const good = newJobId();
    await rig.accept(id, { type: 'startSync', jobId: good, config: jobConfig({ type: 'contacts' }) });
    await rig.submit(id, { type: 'pauseSync', jobId: good });
    await rig.stop();
    expect([(await job(id, bad)).status, (await job(id, good)).status]).toEqual(['paused', 'paused']);
    poisoned.jobId = bad;
    await rig.start();
    await rig.submit(id, { type: 'cancelSync', jobId: bad });
    const letter = await rig.submit(id, { type: 'resumeSync', jobId: good });
    await rig.wait(60_000);
    expect(await job(id, bad)).toMatchObject({ status: 'failed' });
    expect((await job(id, bad)).errorMessage).toContain('restored');
    expect((await job(id, good)).status).toBe('completed');
    expect(await lastSeq(id)).toBe(letter.seq);
    expect(rig.state(id)).toBe('online');
  });

  it('parks an instance whose supervisor breaks the step of its restore every time', async () => {
    const poisoned = { jobId: null, isSupervisor: false };
    const id = await begin(refusing(poisoned));
    await rig.submit(id, { type: 'connect' });
    await rig.stop();
    poisoned.isSupervisor = true;
    await rig.start();
    await rig.wait(60_000);
    expect(rig.process(id)?.parked).toContain('restored');
    const metrics = createMetricsRegistry();
    measureNode(metrics, rig.node, rig.clock.now);
    expect(await metrics.render()).toContain('omni_instances{state="error"} 1');
    expect(await Effect.runPromise(store.db.catalogue.instance(id))).toMatchObject({
      state: 'error',
      error: { code: 'snapshot_unusable' },
    });
  });

  it('blames a command whose step always runs out of time, and a database that is slow now and then for nothing', async () => {
    const slow = new StoreUnavailable({ cause: 'injected', ranOutOfTime: true });
    let struck: string | null = null;
    let left = 0;
    const id = await begin(({ step }) => ({
      step: (fence, body) =>
        step(fence, (tx) =>
          body({
            ...tx,
            saveJob: (record) => {
              if (record.jobId !== struck || record.status === 'failed' || left === 0) return tx.saveJob(record);
              left -= 1;
              throw slow;
            },
          }),
        ),
    }));
    await rig.submit(id, { type: 'connect' });
    const once = newJobId();
    struck = once;
    left = 2;
    await rig.submit(id, { type: 'startSync', jobId: once, config: jobConfig() });
    await rig.wait(60_000);
    expect(await job(id, once)).toMatchObject({ status: 'completed' });
    expect(rig.errors).toEqual([]);

    const always = newJobId();
    struck = always;
    left = Number.POSITIVE_INFINITY;
    await rig.submit(id, { type: 'startSync', jobId: always, config: jobConfig() });
    await rig.wait(300_000);
    expect(await job(id, always)).toMatchObject({ status: 'failed' });
    const { items } = await Effect.runPromise(store.db.commands.deadLetters({ limit: 10, cursor: null }));
    expect(items.filter(({ instanceId }) => instanceId === id)).toHaveLength(1);
    await rig.submit(id, { type: 'disconnect' });
    expect(await lastSeq(id)).toBe(4);
  });
});
