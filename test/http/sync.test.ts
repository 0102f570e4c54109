import { describe, expect, it } from 'vitest';
import { addInstance, serve, startSync } from './serve.ts';

describe('sync jobs', () => {
  it.each([
    {},
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'text/plain' },
    { 'content-type': '///' },
  ])('start from a JSON body under the headers %j', async (headers) => {
    const served = await serve();
    const id = await addInstance(served);
    const body = new TextEncoder().encode('{"type": "messages", "depth": "7d"}');
    const { status, json } = await served.call('POST', `instances/${id}/sync`, body, headers);
    expect(status).toBe(202);
    expect(json.data).toMatchObject({ instanceId: id, type: 'messages', status: 'pending', config: { depth: '7d' } });
    const job = await served.call('GET', `instances/${id}/sync/${json.data['jobId']}`);
    expect(job.json.data).toMatchObject({ status: 'pending', progress: { fetched: 0, stored: 0, duplicates: 0 } });
  });

  it('show instants in ISO 8601, and no instant where all time is meant', async () => {
    const served = await serve();
    const id = await addInstance(served);
    const since = '2026-01-01T00:00:00.000Z';
    const until = '2026-01-02T00:00:00.000Z';
    const { json } = await served.call('POST', `instances/${id}/sync`, { type: 'messages', since, until });
    expect(json.data['config']).toMatchObject({ since, until });
    served.world.setStatus(String(json.data['jobId']), 'completed');
    const all = await served.call('POST', `instances/${id}/sync`, { type: 'messages', depth: 'all' });
    expect(all.json.data['config']).toMatchObject({ since: null, until: null });
  });

  it('take the depth that the settings say', async () => {
    const served = await serve();
    const id = await addInstance(served);
    await served.call('PUT', 'settings/sync.defaultDepth', { value: '90d' });
    const { json } = await served.call('POST', `instances/${id}/sync`, { type: 'messages' });
    expect(json.data['config']).toMatchObject({ depth: '90d' });
  });

  it('name the first job when a second is refused', async () => {
    const served = await serve();
    const id = await addInstance(served);
    const jobId = await startSync(served, id);
    const { status, json } = await served.call('POST', `instances/${id}/sync`, { type: 'messages' });
    expect(status).toBe(409);
    expect(json.error.details).toEqual({ jobId });
  });

  it.each([
    [{}, 'type'],
    [{ type: 'people' }, 'type'],
    [{ type: 'contacts', since: '2026-01-01' }, 'since'],
    [{ type: 'contacts', depth: '7d', until: '2026-01-01' }, 'until'],
    [{ type: 'groups', channelId: '1' }, 'channelId'],
    [{ type: 'messages', depth: '8d' }, 'depth'],
    [{ type: 'messages', depth: '7d', since: '2026-01-01' }, 'depth'],
    [{ type: 'messages', since: 'yesterday' }, 'since'],
    [{ type: 'messages', since: '2027-01-01' }, 'since'],
    [{ type: 'messages', conversationIds: [] }, 'conversationIds'],
    [{ type: 'messages', conversationIds: ['x'] }, 'conversationIds[0]'],
    [{ type: 'messages', channelId: '' }, 'channelId'],
    [{ type: 'messages', dept: '7d' }, 'dept'],
  ])('refuse %j and name %s', async (body, field) => {
    const served = await serve();
    const id = await addInstance(served);
    const { status, json } = await served.call('POST', `instances/${id}/sync`, body);
    expect(status).toBe(400);
    expect(json.error.details['field']).toBe(field);
    expect(json.error.message).toContain(`${field}: `);
  });

  it.each(['cancel', 'pause', 'resume'])('take the command to %s', async (verb) => {
    const served = await serve();
    const id = await addInstance(served);
    const jobId = await startSync(served, id);
    expect((await served.call('POST', `instances/${id}/sync/${jobId}/${verb}`)).status).toBe(202);
    expect(served.world.submitted.at(-1)?.command).toEqual({ type: `${verb}Sync`, jobId });
    const other = crypto.randomUUID();
    expect((await served.call('POST', `instances/${id}/sync/${other}/${verb}`)).status).toBe(404);
  });

  it.each(['contacts', 'groups'])('of %s take a depth along, and do not go by it', async (type) => {
    const served = await serve();
    const id = await addInstance(served);
    const { status, json } = await served.call('POST', `instances/${id}/sync`, { type, depth: '30d' });
    expect(status).toBe(202);
    expect(json.data['config']).toMatchObject({ type, depth: null });
  });

  it.each(['cancel', 'pause', 'resume'])('that are over refuse to %s', async (verb) => {
    const served = await serve();
    const id = await addInstance(served);
    const jobId = await startSync(served, id);
    served.world.setStatus(jobId, 'completed');
    const before = served.world.submitted.length;
    const { status, json } = await served.call('POST', `instances/${id}/sync/${jobId}/${verb}`);
    expect([status, json.error.code, json.error.details]).toEqual([409, 'job_over', { jobId, status: 'completed' }]);
    expect(served.world.submitted).toHaveLength(before);
  });

  it('are listed and filtered, for one account and for all', async () => {
    const served = await serve();
    const id = await addInstance(served);
    const jobId = await startSync(served, id);
    for (const path of [`instances/${id}/sync`, 'sync']) {
      expect((await served.call('GET', `${path}?status=pending`)).json.items).toMatchObject([{ jobId }]);
      expect((await served.call('GET', `${path}?status=failed`)).json.items).toEqual([]);
      expect((await served.call('GET', `${path}?status=lost`)).status).toBe(400);
    }
    expect((await served.call('GET', `instances/${crypto.randomUUID()}/sync`)).status).toBe(404);
  });
});
