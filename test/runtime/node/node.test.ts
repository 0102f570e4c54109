import { Effect } from 'effect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instanceActor } from '../../../machines/instance.ts';
import { Contention, StoreUnavailable } from '../../../src/domain/errors.ts';
import type { InstanceId, JobId } from '../../../src/domain/ids.ts';
import type { JobView } from '../../../src/domain/job.ts';
import { StoreRig } from '../../contract/store-driver.ts';
import { pgliteDriver } from '../../db/pglite-driver.ts';
import { jobConfig, newJobId } from '../../harness/job-config.ts';
import { NodeRig, RESTORES_AT_ONCE, type Tampering } from '../node-rig.ts';

const driver = pgliteDriver();

describe('a node', () => {
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
  const startSync = async (id: InstanceId): Promise<JobId> => {
    const jobId = newJobId();
    await rig.submit(id, { type: 'startSync', jobId, config: jobConfig() });
    return jobId;
  };
  const job = (id: InstanceId, jobId: JobId): Promise<JobView> => Effect.runPromise(store.db.catalogue.job(id, jobId));
  const lastSeq = async (id: InstanceId): Promise<number | undefined> =>
    (await Effect.runPromise(store.db.runtime.load(id)))?.lastSeq;

  it('brings back to life who was connected, and nobody else', async () => {
    const id = await begin();
    const idle = await newInstance();
    await rig.submit(id, { type: 'connect' });
    expect(rig.state(id)).toBe('online');
    await rig.stop();
    await rig.start();
    expect(rig.state(id)).toBe('online');
    expect(rig.process(idle)).toBeNull();
    await rig.submit(id, { type: 'disconnect' });
  });

  it('finds commands that nobody delivered', async () => {
    const id = await begin();
    await rig.accept(id, { type: 'connect' });
    await rig.wait(14_000);
    expect(rig.process(id)).toBeNull();
    await rig.wait(17_000);
    expect(rig.state(id)).toBe('online');
  });

  it('reads from the table what the mailbox left out, and runs it first', async () => {
    const id = await begin();
    await rig.submit(id, { type: 'connect' });
    await rig.accept(id, { type: 'disconnect' });
    const last = await rig.accept(id, { type: 'connect' });
    await rig.deliver(last);
    expect(await lastSeq(id)).toBe(3);
    const events = rig.process(id)?.trace.entries.flatMap(({ actor, event }) => (actor === 'instance' ? [event] : []));
    expect(events?.filter((event) => event === 'connect' || event === 'disconnect')).toEqual([
      'connect',
      'disconnect',
      'connect',
    ]);
  });

  it('drops a letter that comes again', async () => {
    const id = await begin();
    const first = await rig.submit(id, { type: 'connect' });
    await rig.submit(id, { type: 'disconnect' });
    await rig.deliver(first);
    expect(rig.state(id)).toBe('stopped');
    expect(await lastSeq(id)).toBe(2);
  });

  it('stops an instance when told, and wakes it with its next command', async () => {
    const id = await begin();
    await rig.submit(id, { type: 'connect' });
    await Effect.runPromise(rig.node.halt(id));
    expect(rig.process(id)).toBeNull();
    await rig.submit(id, { type: 'disconnect' });
    expect(rig.state(id)).toBe('stopped');
  });

  it('lets an instance go that nobody wants, and loses no letter that comes meanwhile', async () => {
    const id = await begin();
    await rig.submit(id, { type: 'connect' });
    await rig.submit(id, { type: 'disconnect' });
    await rig.wait(59_000);
    expect(rig.process(id)).not.toBeNull();
    await rig.wait(2_000);
    expect(rig.process(id)).toBeNull();
    await rig.submit(id, { type: 'connect' });
    await rig.submit(id, { type: 'disconnect' });
    // In the very turn in which it would end.
    const letter = await rig.accept(id, { type: 'connect' });
    await rig.wait(59_900);
    const late = rig.deliver(letter);
    await rig.wait(200);
    await late;
    await rig.wait(100);
    expect(rig.state(id)).toBe('online');
  });

  it('writes nothing once another node has taken over, and stops what runs there', async () => {
    const id = await begin();
    await rig.submit(id, { type: 'connect' });
    const before = await Effect.runPromise(store.db.runtime.load(id));
    await Effect.runPromise(store.db.runtime.leases.claimAll('another'));
    await rig.submit(id, { type: 'disconnect' });
    expect(rig.process(id)).toBeNull();
    expect(await Effect.runPromise(store.db.runtime.load(id))).toEqual(before);
  });

  it('parks an instance whose supervisor cannot be restored, says why, and goes on with the others', async () => {
    const id = await begin();
    const other = await newInstance();
    await rig.submit(id, { type: 'connect' });
    await rig.stop();
    const fence = (await Effect.runPromise(store.db.runtime.leases.claimAll('mender'))).find(
      ({ partition }) => partition === store.fence(id).partition,
    );
    const broken = { machine: 'instance', version: 1, value: 'dreaming', context: {} };
    if (fence === undefined) throw new Error('The partition was not claimed');
    await Effect.runPromise(store.db.runtime.step(fence, (tx) => tx.saveActor(id, 'instance', broken)));
    await rig.start();
    expect(rig.process(id)?.parked).toContain('does not fit');
    expect(await Effect.runPromise(store.db.catalogue.instance(id))).toMatchObject({
      state: 'error',
      error: { code: 'snapshot_unusable' },
    });
    await rig.submit(other, { type: 'connect' });
    expect(rig.process(other)?.live).not.toBeNull();
  });

  it('shows a parked instance as it is again once it is mended, and keeps its account for it meanwhile', async () => {
    const id = await begin();
    await rig.submit(id, { type: 'connect' });
    const before = (await Effect.runPromise(store.db.runtime.load(id)))?.record;
    expect(before?.account).not.toBeNull();
    await rig.submit(id, { type: 'logout' });
    const loggedOut = await Effect.runPromise(store.db.catalogue.instance(id));
    expect(loggedOut).toMatchObject({ state: 'loggedOut', error: null });
    await rig.stop();
    const age = (version: number) =>
      store.rows("UPDATE actor_snapshots SET version = $2 WHERE instance_id = $1 AND actor_id = 'instance'", [
        id,
        version,
      ]);
    await age(99);
    // Something to do, so that somebody looks at it.
    await rig.accept(id, { type: 'logout' });
    await rig.start();
    const parked = (await Effect.runPromise(store.db.runtime.load(id)))?.record;
    expect(parked).toMatchObject({ state: 'error', error: { code: 'snapshot_unusable' }, wanted: false });
    expect(parked?.account).toEqual(before?.account);
    await rig.stop();
    await age(instanceActor.version);
    await rig.start();
    expect(await Effect.runPromise(store.db.catalogue.instance(id))).toEqual(loggedOut);
  });

  it('tries a transaction again that got into another’s way', async () => {
    let left = 3;
    const id = await begin(({ step }) => ({
      step: (fence, body) =>
        Effect.suspend(() => (left-- > 0 ? Effect.fail(new Contention({ cause: 'injected' })) : step(fence, body))),
    }));
    await rig.submit(id, { type: 'connect' });
    await rig.wait(1_000);
    expect(rig.state(id)).toBe('online');
    expect(left).toBeLessThan(0);
  });

  it('waits while the database is away, and goes on where it was', async () => {
    let isAway = false;
    const unlessAway = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | StoreUnavailable> =>
      Effect.suspend(
        (): Effect.Effect<A, E | StoreUnavailable> =>
          isAway ? Effect.fail(new StoreUnavailable({ cause: 'injected' })) : effect,
      );
    const id = await begin(({ step, load }) => ({
      step: (fence, body) => unlessAway(step(fence, body)),
      load: (instanceId) => unlessAway(load(instanceId)),
    }));
    for (const ago of [3, 2, 1]) rig.platform.conversations[0]?.post(rig.clock.now() - ago);
    await rig.submit(id, { type: 'connect' });
    isAway = true;
    const jobId = await startSync(id);
    await rig.wait(60_000);
    expect((await job(id, jobId)).status).toBe('pending');
    isAway = false;
    await rig.wait(30_000);
    expect(await job(id, jobId)).toMatchObject({ status: 'completed', progress: { stored: 3 } });
    expect(rig.errors).toEqual([]);
  });

  it('does not log in again for a step that was not even begun, and stops without it when it must', async () => {
    let isAway = false;
    const noSession = new StoreUnavailable({ cause: 'injected', nothingWasAsked: true });
    const id = await begin(({ step }) => ({
      step: (fence, body) => Effect.suspend(() => (isAway ? Effect.fail(noSession) : step(fence, body))),
    }));
    const logins = () => rig.platform.asked.filter(({ kind }) => kind === 'login').length;
    await rig.submit(id, { type: 'connect' });
    const before = logins();
    isAway = true;
    const jobId = await startSync(id);
    await rig.wait(60_000);
    expect((await job(id, jobId)).status).toBe('pending');
    expect(rig.state(id)).toBe('online');
    isAway = false;
    await rig.wait(30_000);
    expect((await job(id, jobId)).status).toBe('completed');
    expect(logins()).toBe(before);

    isAway = true;
    const late = await startSync(id);
    await rig.stop();
    expect((await job(id, late)).status).toBe('pending');
  });

  it('brings no more instances to life at the same time than it may', async () => {
    let loading = 0;
    let most = 0;
    rig = new NodeRig(store, ({ load }) => ({
      load: (id) =>
        Effect.suspend(() => {
          loading += 1;
          most = Math.max(most, loading);
          return load(id).pipe(
            Effect.ensuring(
              Effect.sync(() => {
                loading -= 1;
              }),
            ),
          );
        }),
    }));
    const ids: InstanceId[] = [];
    for (let count = 0; count < 3 * RESTORES_AT_ONCE; count++) ids.push(await newInstance());
    for (const id of ids) await rig.accept(id, { type: 'disconnect' });
    await rig.start();
    await rig.wait(1_000);
    for (const id of ids) expect(await lastSeq(id)).toBe(1);
    expect(most).toBe(RESTORES_AT_ONCE);
  });

  it('gives a command up that breaks its step five times, and fails its job', async () => {
    let struck: string | null = null;
    const id = await begin(({ step }) => ({
      step: (fence, body) =>
        step(fence, (tx) =>
          body({
            ...tx,
            saveJob: (record) => {
              if (record.jobId === struck && record.status !== 'failed') throw new Error('injected');
              return tx.saveJob(record);
            },
          }),
        ),
    }));
    const jobId = newJobId();
    struck = jobId;
    await rig.submit(id, { type: 'startSync', jobId, config: jobConfig() });
    await rig.wait(60_000);
    expect(await job(id, jobId)).toMatchObject({ status: 'failed' });
    expect((await job(id, jobId)).errorMessage).toContain('5 times');
    const { items } = await Effect.runPromise(store.db.commands.deadLetters({ limit: 10, cursor: null }));
    expect(items.filter(({ instanceId }) => instanceId === id)).toMatchObject([{ attempts: 5 }]);
    await rig.submit(id, { type: 'connect' });
    expect(rig.state(id)).toBe('online');
  });

  /** Breaks the next steps that store messages. */
  const breaking =
    (times: { left: number }): Tampering =>
    ({ step }) => ({
      step: (fence, body) =>
        step(fence, (tx) =>
          body({
            ...tx,
            upsertMessages: (...page) => {
              if (times.left-- > 0) throw new Error('injected');
              return tx.upsertMessages(...page);
            },
          }),
        ),
    });

  it('restarts a job whose page breaks a step, and the job goes on', async () => {
    const times = { left: 0 };
    const id = await begin(breaking(times));
    rig.platform.conversations[0]?.post(rig.clock.now() - 1);
    await rig.submit(id, { type: 'connect' });
    times.left = 2;
    const jobId = await startSync(id);
    await rig.wait(60_000);
    expect(await job(id, jobId)).toMatchObject({ status: 'completed', progress: { stored: 1 } });
    expect(rig.errors).toEqual(Array(2).fill('A step failed; beginning anew from the rows.'));
  });

  it('fails a job whose pages break every step', async () => {
    const times = { left: 0 };
    const id = await begin(breaking(times));
    rig.platform.conversations[0]?.post(rig.clock.now() - 1);
    await rig.submit(id, { type: 'connect' });
    times.left = 1_000;
    const jobId = await startSync(id);
    await rig.wait(60 * 60_000);
    expect((await job(id, jobId)).errorMessage).toContain('Gave up after repeated failures');
    expect(await job(id, jobId)).toMatchObject({ status: 'failed' });
  });

  it('publishes what happened, in order', async () => {
    const id = await begin();
    await rig.submit(id, { type: 'connect' });
    const jobId = await startSync(id);
    await rig.wait(20_000);
    const mine = rig.published.filter(({ instanceId }) => instanceId === id);
    expect(mine.map((event) => event.id)).toEqual(mine.map((event) => event.id).sort((a, b) => a - b));
    const names = mine.filter(({ event }) => event.jobId === jobId).map(({ event }) => event.name);
    expect(names[0]).toBe('sync.started');
    expect(names.at(-1)).toBe('sync.completed');
  });
});
