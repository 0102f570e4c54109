import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiRefused, type JobShown } from '../harness/api-client.ts';
import { Cluster } from '../harness/cluster.ts';
import type { ClusterNode } from '../harness/cluster-node.ts';
import { compareWithTruth } from '../harness/compare.ts';
import { eventually } from '../harness/eventually.ts';
import { COMPLETE } from '../harness/stage.ts';
import { Audit } from './audit.ts';

const BOTS = 10;
/** Of a sync of everything: so many pages, one after the other, that it outlives what is done to its node. */
const MESSAGES = 1_200;
const LATENCY_MS = 150;
/** A lease of 10 s, a claim within 1 s of its end, and the restore. */
const TAKEOVER_MS = 15_000;
/** Sharing takes a second or two. */
const ANSWER_MS = 10_000;

const OVER = ['completed', 'failed', 'cancelled'];

describe('a cluster of three nodes', () => {
  let cluster: Cluster;
  let audit: Audit;
  let ids: readonly string[];

  beforeAll(async () => {
    cluster = await Cluster.start({ nodes: 3, bots: BOTS, messages: MESSAGES, simulator: { latencyMs: LATENCY_MS } });
    audit = await Audit.install(cluster);
    ids = await cluster.connect();
    await settled();
  }, 360_000);
  afterAll(() => cluster?.close(), 30_000);

  /**
   * Every instance lives, and every node has its share of the partitions; of ten instances it may by chance have none.
   */
  const settled = (): Promise<true> =>
    eventually(
      'every instance has a home, and every node its share',
      30_000,
      async () => (await cluster.isShared()) && (await cluster.homes()).size === BOTS,
    );

  const instancesOf = async ({ id }: ClusterNode): Promise<readonly string[]> =>
    [...(await cluster.homes())].flatMap(([instance, home]) => (home === id ? [instance] : []));

  const syncAll = (): Promise<readonly (readonly [string, string])[]> =>
    Promise.all(
      ids.map(async (id) => {
        const { jobId } = await cluster.anyNode.api.startSync(id, { depth: 'all', refresh: true });
        return [id, jobId] as const;
      }),
    );

  /** Resolves when the platform has answered so many more requests. */
  const requested = (count: number): Promise<void> =>
    new Promise((resolve) => {
      let seen = 0;
      const stopListening = cluster.discord.requests.onRequest(() => {
        seen += 1;
        if (seen < count) return;
        stopListening();
        resolve();
      });
    });

  const over = (id: string, jobId: string): Promise<JobShown> =>
    eventually(`job ${jobId} is over`, 60_000, async () => {
      const job = await cluster.anyNode.api.job(id, jobId);
      return OVER.includes(job.status) && job;
    });

  const expectComplete = async (jobs: readonly (readonly [string, string])[]): Promise<void> => {
    for (const [id, jobId] of jobs) expect(await over(id, jobId)).toMatchObject({ status: 'completed' });
    for (const [index, { token }] of cluster.discord.world.bots.entries()) {
      const truth = cluster.discord.groundTruth(token);
      expect(await compareWithTruth(cluster.anyNode.api, ids[index] ?? '', truth)).toMatchObject(COMPLETE);
    }
    expect(await audit.findings()).toEqual([]);
  };

  const livesElsewhere = (instances: readonly string[], former: string, withinMs: number): Promise<true> =>
    eventually('its instances live elsewhere', withinMs, async () => {
      const homes = await cluster.homes();
      return instances.every((id) => homes.has(id) && homes.get(id) !== former);
    });

  /** The one with the most instances, but not the first, which answers what is asked meanwhile (`anyNode`). */
  const someNode = async (): Promise<ClusterNode> => {
    const homes = [...(await cluster.homes()).values()];
    const instancesAt = ({ id }: ClusterNode): number => homes.filter((home) => home === id).length;
    return cluster.nodes.slice(1).toSorted((a, b) => instancesAt(b) - instancesAt(a))[0] as ClusterNode;
  };

  it('answers for every instance from every node', async () => {
    // Partitions may still be on their way to the last node that joined.
    for (const node of cluster.nodes) {
      await eventually('it knows where every instance lives', ANSWER_MS, async () => {
        const [there, anywhere] = await Promise.all([cluster.homes(node), cluster.homes()]);
        return there.size === ids.length && isDeepStrictEqual(there, anywhere);
      });
      await eventually('it shows an instance as it lives', ANSWER_MS, async () => {
        const path = `/debug/actors/${ids[0]}`;
        const tree = await node.api.data<{ readonly state: string; readonly stale: boolean }>('GET', path);
        return tree.state === 'online' && !tree.stale;
      });
    }
  });

  it('streams a job from a node that does not run it, to its end', async () => {
    const node = await someNode();
    const [id = ''] = await instancesOf(node);
    const { jobId } = await node.api.startSync(id, { depth: 'all' });
    const [other] = cluster.others(node);
    expect((await other?.api.finished(id, jobId))?.status).toBe('completed');
  });

  it('goes on elsewhere within 15 s when a node is killed, and the next one that joins gets its share', async () => {
    const node = await someNode();
    const instances = await instancesOf(node);
    const jobs = await syncAll();
    await requested(20);
    const former = node.id;
    await node.kill();
    await livesElsewhere(instances, former, TAKEOVER_MS);
    await node.start();
    await expectComplete(jobs);
    await settled();
  }, 360_000);

  it('goes on elsewhere within 2 s when a node is told to end', async () => {
    const node = await someNode();
    const instances = await instancesOf(node);
    const jobs = await syncAll();
    await requested(20);
    const former = node.id;
    const stopped = node.stop();
    await livesElsewhere(instances, former, 4_000);
    expect(await stopped).toBe(0);
    await node.start();
    await expectComplete(jobs);
    await settled();
  }, 360_000);

  it('hears nothing from a node that was frozen for longer than its lease, until it has its share again', async () => {
    const node = await someNode();
    const instances = await instancesOf(node);
    const jobs = await syncAll();
    await requested(20);
    node.freeze();
    const frozenAt = Date.now();
    await livesElsewhere(instances, node.id, TAKEOVER_MS);
    const closed = node.roads.discord.drained();
    const asked: number[] = [];
    const stopListening = cluster.discord.requests.onRequest(({ host, at }) => {
      if (host === node.platformHost) asked.push(at);
    });
    const wokenAt = Date.now();
    node.thaw();
    await closed;
    const claimedAt = await eventually('it claims again', 20_000, () => audit.claimedAfter(node.name, wokenAt));
    stopListening();
    expect(asked.filter((at) => at < claimedAt)).toEqual([]);
    // What was on its way into the database when it froze may still have committed.
    expect(await audit.commitsOf(node.name, frozenAt + 1_000, claimedAt)).toBe(0);
    await expectComplete(jobs);
    await settled();
  }, 360_000);

  it('stops by itself within 7 s when it is cut off from PostgreSQL, and others take over', async () => {
    const node = await someNode();
    const instances = await instancesOf(node);
    const jobs = await syncAll();
    await requested(20);
    let lastAskedAt = 0;
    const stopListening = cluster.discord.requests.onRequest(({ host, at }) => {
      if (host === node.platformHost) lastAskedAt = at;
    });
    const cutAt = Date.now();
    node.roads.database.stall();
    await livesElsewhere(instances, node.id, TAKEOVER_MS);
    expect(lastAskedAt - cutAt).toBeLessThanOrEqual(7_500);
    await eventually('its connections are closed', 2_000, async () => node.roads.discord.open === 0);
    stopListening();
    node.roads.database.cut();
    node.roads.database.restore();
    await expectComplete(jobs);
    await settled();
  }, 360_000);

  it('answers 503 while PostgreSQL is away, lets jobs wait, and goes on by itself', async () => {
    const jobs = await syncAll();
    await requested(20);
    await cluster.postgres.halt('crash');
    const refused = await fetch(`${cluster.anyNode.api.base}/instances`);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await refused.body?.cancel();
    await eventually('every node has put its instances down', 15_000, async () =>
      cluster.nodes.every(({ roads }) => roads.discord.open === 0),
    );
    expect(cluster.nodes.every(({ isRunning }) => isRunning)).toBe(true);
    await cluster.postgres.start();
    await expectComplete(jobs);
    await settled();
  }, 360_000);

  it('runs what it accepted while NATS was away', async () => {
    await cluster.nats.halt('crash');
    const jobs = await syncAll();
    expect(jobs).toHaveLength(BOTS);
    const debug = await cluster.anyNode.api.call('GET', '/debug/actors').catch((error: unknown) => error);
    expect(debug).not.toBeInstanceOf(ApiRefused);
    await cluster.nats.start();
    await expectComplete(jobs);
    await settled();
  }, 360_000);
});
