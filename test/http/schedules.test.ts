import { expect, it } from 'vitest';
import { serve } from './serve.ts';

const ID = '11111111-1111-4111-8111-111111111111';

it('lists the schedules', async () => {
  const { call } = await serve();
  const { json } = await call('GET', 'schedules');
  expect(json.items).toMatchObject([{ name: 'contacts', cron: '0 3 * * *', nextRunAt: '2026-02-02T03:00:00.000Z' }]);
});

it('runs a schedule now, for those named or for all, and needs no body for all', async () => {
  const { call, world } = await serve();
  const named = await call('POST', 'schedules/contacts/run', { instanceIds: [ID, ID] });
  expect(named.status).toBe(202);
  expect(named.json.data).toEqual({
    schedule: 'contacts',
    jobs: [{ instanceId: ID, outcome: 'skipped', jobId: null, reason: 'not_connected' }],
  });
  expect((await call('POST', 'schedules/groups/run')).status).toBe(202);
  expect((await call('POST', 'schedules/groups/run', {})).status).toBe(202);
  expect(world.runs).toEqual([
    { name: 'contacts', ids: [ID] },
    { name: 'groups', ids: null },
    { name: 'groups', ids: null },
  ]);
});

it('refuses a schedule that there is none of, and what is no list of accounts', async () => {
  const { call, world } = await serve();
  expect((await call('POST', 'schedules/messages/run')).json.error.message).toContain('name: must be');
  expect((await call('POST', 'schedules/contacts/run', { instanceIds: [] })).status).toBe(400);
  expect((await call('POST', 'schedules/contacts/run', { instanceIds: ['x'] })).status).toBe(400);
  expect((await call('POST', 'schedules/contacts/run', { instances: [ID] })).json.error.message).toContain(
    'did you mean instanceIds?',
  );
  expect(world.runs).toEqual([]);
});
