import { connect } from 'node:net';
import { Effect } from 'effect';
import { describe, expect, it } from 'vitest';
import { InstanceId, JobId } from '../../src/domain/ids.ts';
import { ListenRefused } from '../../src/http/listen-refused.ts';
import { startHttp } from '../../src/http/start-http.ts';
import { inMemoryDeps } from './in-memory-deps.ts';
import { readStream } from './read-stream.ts';
import { addInstance, serve, startSync } from './serve.ts';

describe('the server', () => {
  it('answers on both loopback addresses, since localhost may be either', async () => {
    const { port } = await serve();
    for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
      expect((await fetch(`http://${host}:${port}/health`)).status).toBe(200);
    }
  });

  it('says in words why it cannot listen', async () => {
    const { port, world } = await serve();
    const refused = await Effect.runPromise(
      Effect.flip(Effect.scoped(startHttp(world.deps, { host: '127.0.0.1', port, apiKey: null }))),
    );
    expect(refused).toBeInstanceOf(ListenRefused);
    expect(refused.message).toMatch(`Cannot listen on 127.0.0.1:${port}: another program listens there`);
    const nowhere = { host: '192.0.2.1', port: 0, apiKey: 'k' };
    const elsewhere = await Effect.runPromise(Effect.flip(Effect.scoped(startHttp(inMemoryDeps().deps, nowhere))));
    expect(elsewhere.message).toContain('this machine has no such address');
  });

  it('ends many open streams and idle connections at once when it closes', async () => {
    const served = await serve();
    const instanceId = InstanceId.make(await addInstance(served));
    const jobId = JobId.make(await startSync(served, instanceId));
    const url = `${served.base}/api/v2/instances/${instanceId}/sync/${jobId}/events`;
    const streams = await Promise.all(Array.from({ length: 100 }, () => readStream(url)));
    await Promise.all(streams.map((stream) => stream.next()));
    const began = performance.now();
    await served.close();
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await Promise.all(streams.map((stream) => stream.rest()))).toEqual(streams.map(() => []));
    expect(served.world.listeners.size).toBe(0);
    await expect(fetch(`${served.base}/health`)).rejects.toThrow();
  });

  it('finishes what is under way before it closes', async () => {
    const served = await serve();
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const readiness = Effect.promise(async () => {
      begun.resolve();
      await go.promise;
      return { ready: true, checks: {} };
    });
    Object.assign(served.world.deps, { readiness });
    const answer = served.call('GET', '/ready');
    await begun.promise;
    const closed = served.close();
    go.resolve();
    expect((await answer).status).toBe(200);
    await closed;
  });

  it('closes although a client holds a connection on which it sends nothing', async () => {
    const served = await serve();
    const socket = connect(served.port, '127.0.0.1');
    const gone = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    socket.resume();
    const began = performance.now();
    await Promise.all([served.close(), gone]);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
