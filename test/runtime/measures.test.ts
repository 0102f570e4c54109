import { describe, expect, it } from 'vitest';
import { ExternalId, type InstanceId } from '../../src/domain/ids.ts';
import { type Metrics, silentMetrics } from '../../src/domain/metrics.ts';
import { measureStep } from '../../src/runtime/step/measure-step.ts';
import { Leftovers } from '../../src/sync/arriving/leftovers.ts';
import { storePush } from '../../src/sync/arriving/store-push.ts';
import { RecentChanges } from '../../src/sync/changes/recent-changes.ts';
import { MemoryStore } from '../sync/memory-store.ts';
import { PhoneModel } from '../sync/reading/phone-model.ts';
import { CoreWorld } from './core-world.ts';

const CONTACT = {
  externalId: ExternalId.make('contact'),
  aliases: [],
  handle: 'somebody',
  names: {},
  phone: null,
  isBot: false,
};

const online = async (): Promise<CoreWorld> => {
  const world = new CoreWorld(['general']);
  for (let ago = 6; ago > 0; ago--) world.platform.conversations[0]?.post(world.now - 1_000 * ago);
  await world.start();
  await world.submit({ type: 'connect' });
  await world.wait(1_000);
  return world;
};

const sync = async (world: CoreWorld, type: 'messages' | 'all'): Promise<void> => {
  const id = await world.sync({ type });
  await world.wait(60_000);
  expect(world.jobs.get(id)).toMatchObject({ status: 'completed' });
};

const stored = ({ counted }: CoreWorld) => ({
  sync: counted.get('omni_messages_stored_total discord sync'),
  live: counted.get('omni_messages_stored_total discord live'),
});

describe('the messages that are counted as stored', () => {
  it('are messages, once each: neither contacts, nor what is read again, nor what a job finds held', async () => {
    const world = await online();
    try {
      world.platform.contacts.push(CONTACT);
      await sync(world, 'all');
      const [contacts] = [...world.jobs.values()].flatMap(({ context }) => context.progress.parts);
      expect(contacts).toMatchObject({ part: 'contacts', stored: 1 });
      expect(stored(world)).toEqual({ sync: 6, live: undefined });
      const [general] = world.platform.conversations;
      if (general === undefined) throw new Error('There is no conversation.');
      world.platform.post(general, world.now);
      await world.wait(1_000);
      expect(stored(world)).toEqual({ sync: 6, live: 1 });
      world.platform.drop(true);
      await world.wait(60_000);
      general.post(world.now);
      await sync(world, 'messages');
      expect(stored(world)).toEqual({ sync: 7, live: 1 });
    } finally {
      await world.stop();
    }
  });

  it('count as pushed where the platform gave them unasked, with a job or without, and not twice', async () => {
    const tx = new MemoryStore();
    let ids = 0;
    const phone = new PhoneModel(() => `m${++ids}`);
    for (const at of [10, 20, 30]) phone.post(at);
    const storing = {
      tx,
      instanceId: 'instance' as InstanceId,
      channel: 'whatsapp' as const,
      hasAliases: true,
      changes: new RecentChanges(),
      waiting: null,
      leftovers: new Leftovers(),
      at: 1_000,
    };
    const counted: unknown[] = [];
    const count: Metrics['count'] = (name, labels, by) => {
      if (name === 'omni_messages_stored_total') counted.push([labels, by]);
    };
    for (const _ of ['once', 'again']) {
      const none = { changes: [], isLive: false, contacts: [], aliases: [], problems: [] };
      const history = { spans: [phone.push(0, 3)], ...none };
      const report = { type: 'pushRead' as const, pushId: 1, history, settled: () => {} };
      const absorbed = await storePush(storing, report);
      measureStep({ ...silentMetrics, count }, 'whatsapp', { kind: 'report', report }, absorbed, 1);
    }
    expect(counted).toEqual([[{ channel: 'whatsapp', source: 'push' }, 3]]);
  });
});

describe('the restarts of an instance', () => {
  it('are counted where it begins anew after a failure, and not where it begins', async () => {
    const world = await online();
    try {
      expect(world.counted.get('omni_restarts_total')).toBeUndefined();
      for (const [fault, restarts] of [
        ['defect', 1],
        ['away', 2],
      ] as const) {
        world.store.faults.push(fault);
        await world.submit({ type: 'connect' });
        await world.wait(60_000);
        expect(world.counted.get('omni_restarts_total')).toBe(restarts);
      }
    } finally {
      await world.stop();
    }
  });
});
