import { describe, expect, it, vi } from 'vitest';
import { InstanceId, JobId } from '../../src/domain/ids.ts';
import { readStream } from './read-stream.ts';
import { addInstance, type Served, serve, startSync } from './serve.ts';

const runningJob = async (served: Served) => {
  const instanceId = InstanceId.make(await addInstance(served));
  const jobId = JobId.make(await startSync(served, instanceId));
  const { world } = served;
  const url = `${served.base}/api/v2/instances/${instanceId}/sync/${jobId}/events`;
  const commit = (name: Parameters<typeof world.commit>[2], publish?: boolean) =>
    world.commit(instanceId, jobId, name, publish);
  const end = () => {
    world.setStatus(jobId, 'completed');
    return commit('sync.completed');
  };
  return { url, world, instanceId, jobId, commit, end, open: (headers = {}) => readStream(url, headers) };
};

describe('the events of a job', () => {
  it('begin with its state, follow as they happen, and end with the last', async () => {
    const job = await runningJob(await serve());
    const stream = await job.open();
    expect(await stream.next()).toMatchObject({
      id: null,
      event: 'sync.state',
      data: { jobId: job.jobId, status: 'pending' },
    });
    const first = job.commit('sync.started');
    expect(await stream.next()).toMatchObject({
      id: String(first),
      event: 'sync.started',
      data: { jobId: job.jobId, at: '2026-02-01T12:00:00.000Z' },
    });
    job.commit('sync.progress');
    job.end();
    expect((await stream.rest()).map(({ event }) => event)).toEqual(['sync.progress', 'sync.completed']);
  });

  it('resume after the last that was seen, without gap or doubling', async () => {
    const job = await runningJob(await serve());
    const ids = [job.commit('sync.started'), job.commit('sync.progress'), job.commit('sync.progress')];
    const stream = await job.open({ 'last-event-id': String(ids[0]) });
    expect((await stream.next())?.id).toBe(String(ids[1]));
    ids.push(job.commit('sync.progress'), job.end());
    expect((await stream.rest()).map(({ id }) => Number(id))).toEqual(ids.slice(2));
  });

  it('resume by query as well', async () => {
    const job = await runningJob(await serve());
    const id = job.commit('sync.started');
    job.end();
    const stream = await readStream(`${job.url}?lastEventId=${id}`);
    expect((await stream.rest()).map(({ event }) => event)).toEqual(['sync.completed']);
  });

  it('bring what was committed but not published along with the next that is', async () => {
    const job = await runningJob(await serve());
    const stream = await job.open({ 'last-event-id': '0' });
    const ids = [job.commit('sync.started')];
    expect((await stream.next())?.id).toBe(String(ids[0]));
    ids.push(job.commit('sync.progress', false), job.commit('sync.progress', false), job.end());
    expect((await stream.rest()).map(({ id }) => Number(id))).toEqual(ids.slice(1));
  });

  it('replay a long past in batches', async () => {
    const job = await runningJob(await serve());
    const ids = Array.from({ length: 350 }, () => job.commit('sync.progress', false));
    ids.push(job.end());
    const stream = await job.open({ 'last-event-id': '0' });
    expect((await stream.rest()).map(({ id }) => Number(id))).toEqual(ids);
  });

  it('show whoever comes late what happened before, once', async () => {
    const job = await runningJob(await serve());
    const ids = [job.commit('sync.started'), job.commit('sync.progress')];
    const stream = await job.open();
    expect(await stream.next()).toMatchObject({ id: null, event: 'sync.state' });
    expect((await stream.next())?.id).toBe(String(ids[0]));
    expect((await stream.next())?.id).toBe(String(ids[1]));
    ids.push(job.end());
    expect((await stream.rest()).map(({ id }) => Number(id))).toEqual(ids.slice(2));
  });

  it('of a job that is over are its state and its past, and whoever saw the end is sent away', async () => {
    const job = await runningJob(await serve());
    job.commit('sync.started');
    const last = job.end();
    const stream = await job.open();
    expect(await stream.rest()).toMatchObject([
      { id: null, event: 'sync.state', data: { status: 'completed' } },
      { event: 'sync.started' },
      { id: String(last), event: 'sync.completed' },
    ]);
    expect((await job.open({ 'last-event-id': String(last) })).status).toBe(204);
  });

  it('of a job whose past was cleared away are its last state, and whoever saw it is sent away', async () => {
    const job = await runningJob(await serve());
    const last = job.end();
    job.world.outbox.length = 0;
    const stream = await job.open();
    expect(await stream.rest()).toMatchObject([{ id: 'end', event: 'sync.state', data: { status: 'completed' } }]);
    for (const id of ['end', String(last)]) expect((await job.open({ 'last-event-id': id })).status).toBe(204);
  });

  it('are not those of another job', async () => {
    const job = await runningJob(await serve());
    const stream = await job.open();
    await stream.next();
    job.world.commit(job.instanceId, JobId.make(crypto.randomUUID()), 'sync.progress');
    job.end();
    expect((await stream.rest()).map(({ event }) => event)).toEqual(['sync.completed']);
  });

  it('are refused as JSON when there is no such job, or the place to resume is none', async () => {
    const job = await runningJob(await serve());
    expect((await readStream(job.url.replace(job.jobId, crypto.randomUUID()))).status).toBe(404);
    expect((await job.open({ 'last-event-id': 'x' })).status).toBe(400);
    expect((await fetch(job.url, { method: 'HEAD' })).status).toBe(405);
  });

  it('leave nothing behind when the reader goes', async () => {
    const job = await runningJob(await serve());
    const stream = await job.open();
    await stream.next();
    expect(job.world.listeners.size).toBe(1);
    stream.cancel();
    await vi.waitFor(() => expect(job.world.listeners.size).toBe(0));
  });

  it('cut the stream when the database goes away, so that the reader resumes', async () => {
    const job = await runningJob(await serve());
    const stream = await job.open({ 'last-event-id': '0' });
    const id = job.commit('sync.started');
    expect((await stream.next())?.id).toBe(String(id));
    job.world.state.storeAway = true;
    job.commit('sync.progress');
    expect(await stream.rest()).toEqual([]);
  });
});

describe('the stream of actors', () => {
  it('shows the tree at once and after steps, fewer than there are steps', async () => {
    const served = await serve();
    const id = await addInstance(served);
    const stream = await readStream(`${served.base}/api/v2/debug/actors/${id}/stream`);
    expect(await stream.next()).toMatchObject({ event: 'actors', data: { instanceId: id } });
    for (let step = 0; step < 100; step++) served.world.step();
    expect(await stream.next()).toMatchObject({ event: 'actors' });
    await served.close();
    expect(await stream.rest()).toEqual([]);
    expect(served.world.watchers.size).toBe(0);
  });
});
