import { describe, expect, it } from 'vitest';
import { CommandId, InstanceId } from '../../src/domain/ids.ts';
import { addInstance, serve } from './serve.ts';

describe('operations', () => {
  it.each(['/health', '/api/v2/health'])('say at %s that the process lives, whatever else is away', async (path) => {
    const { call, world } = await serve();
    world.state.storeAway = true;
    expect((await call('GET', path)).json.data).toMatchObject({ status: 'ok' });
    expect((await call('HEAD', path)).status).toBe(200);
  });

  it('say whether the node is ready, and what is not', async () => {
    const { call, world } = await serve();
    expect((await call('GET', '/ready')).json.data).toEqual({ ready: true, checks: { database: 'ok' } });
    world.state.ready = false;
    const { status, json, headers } = await call('GET', '/ready');
    expect(status).toBe(503);
    expect(json.error.details['checks']).toEqual({ database: 'away' });
    expect(headers.get('retry-after')).toBe('2');
  });

  it('render metrics as Prometheus reads them', async () => {
    const { call } = await serve();
    for (const path of ['/metrics', '/api/v2/metrics']) {
      const { headers, text } = await call('GET', path);
      expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
      expect(text).toBe('# metrics\n');
    }
  });

  it('answer 503 with Retry-After while the database is away', async () => {
    const { call, world } = await serve();
    world.state.storeAway = true;
    const { status, json, headers } = await call('GET', 'instances');
    expect(status).toBe(503);
    expect(json.error.code).toBe('store_unavailable');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('show the actors', async () => {
    const served = await serve();
    const id = await addInstance(served);
    expect((await served.call('GET', 'debug/actors')).json.items).toMatchObject([{ instanceId: id }]);
    expect((await served.call('GET', `debug/actors/${id}`)).json.data).toMatchObject({ instanceId: id, trace: [] });
    expect((await served.call('GET', `debug/actors/${crypto.randomUUID()}`)).status).toBe(404);
  });

  it('list, requeue and discard dead letters', async () => {
    const served = await serve();
    const { call, world } = served;
    const instanceId = InstanceId.make(await addInstance(served));
    const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    for (const id of ids) {
      world.deadLetters.set(id, {
        id,
        instanceId,
        command: { type: 'connect' },
        reason: 'broken',
        attempts: 5,
        at: '2026-02-01T00:00:00Z',
      });
    }
    expect((await call('GET', 'debug/dead-letters')).json.items).toHaveLength(3);
    const requeued = await call('POST', `debug/dead-letters/${ids[0]}/requeue`);
    expect(requeued.status).toBe(202);
    expect(CommandId.make(String(requeued.json.data['commandId']))).toBeTruthy();
    expect((await call('POST', `debug/dead-letters/${ids[1]}/discard`)).json.data).toEqual({
      id: ids[1],
      discarded: true,
    });
    expect((await call('DELETE', `debug/dead-letters/${ids[2]}`)).status).toBe(200);
    expect((await call('DELETE', `debug/dead-letters/${ids[2]}`)).status).toBe(404);
    expect((await call('DELETE', 'debug/dead-letters/7')).status).toBe(400);
  });
});
