import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionOf } from '../../../src/runtime/partition.ts';
import { Chance } from '../../simulators/discord/chance.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedNode } from './simulated-node.ts';

const INSTANCES = 6;
/** Until a lease that cannot be renewed is not trusted any more, and that was noticed, ms. */
const NOTICED_MS = 8_000;
/** Until others may take over, and have connected, ms. */
const TAKEN_OVER_MS = 15_000;

describe('a node that puts partitions down while the database keeps a step waiting', () => {
  let cluster: SimulatedCluster;
  let node: SimulatedNode;

  beforeEach(async () => {
    cluster = new SimulatedCluster(new Chance(1), INSTANCES);
    cluster.join();
    node = cluster.nodes[0] as SimulatedNode;
    for (const id of cluster.ids) cluster.submit(id, { type: 'connect' });
    await cluster.wait(20_000);
    expect(node.connected.size).toBe(INSTANCES);
  });
  afterEach(async () => {
    node.reach = 'open';
    await cluster.close();
  });

  /** Every instance is in the middle of a step, which nobody answers. */
  const stall = async (): Promise<void> => {
    for (const id of cluster.ids) cluster.submit(id, { type: 'connect' });
    await cluster.wait(1);
    node.reach = 'stalled';
  };

  it('lets go of the platform when its lease is lost while it ends', async () => {
    await stall();
    const ended = node.end();
    await cluster.wait(NOTICED_MS);
    expect([...node.connected]).toEqual([]);
    cluster.join();
    await cluster.wait(TAKEN_OVER_MS);
    expect(cluster.nodes[1]?.connected.size).toBe(INSTANCES);
    node.reach = 'open';
    await cluster.wait(TAKEN_OVER_MS);
    await ended;
    expect(cluster.problems).toEqual([]);
  });

  it('lets go of the platform when its lease is lost while it makes room for another node', async () => {
    const putDownYetConnected = () => {
      const owned = new Set(node.ownedPartitions);
      return cluster.ids.filter((id) => node.connected.has(id) && !owned.has(partitionOf(id)));
    };
    // Each in another part of its step, so that some are in the middle of one whenever it is.
    for (const id of cluster.ids) {
      cluster.submit(id, { type: 'connect' });
      await cluster.wait(1);
    }
    cluster.join();
    const before = node.ownedPartitions.length;
    while (node.ownedPartitions.length === before) {
      for (const id of cluster.ids) cluster.submit(id, { type: 'connect' });
      await cluster.wait(1);
    }
    node.reach = 'stalled';
    await cluster.wait(1_000);
    expect(putDownYetConnected()).not.toEqual([]);
    await cluster.wait(NOTICED_MS);
    expect([...node.connected]).toEqual([]);
  });
});
