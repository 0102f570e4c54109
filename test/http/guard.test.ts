import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../../src/http/routes.ts';
import { type Served, serve } from './serve.ts';

/** fetch sets Host and Origin itself; a stranger does not use fetch. */
const statusWith = ({ port }: Served, headers: Record<string, string>, method = 'GET'): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/api/v2/instances', method, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

describe('with an API key', () => {
  const apiKey = 'the-right-key';

  it.each(
    ROUTES.filter(({ open }) => !open).map(({ method, path, root }) => [
      method,
      root === 'only' ? path : `/api/v2${path}`,
    ]),
  )('%s %s wants it', async (method, path) => {
    const { call } = await serve({ apiKey });
    const { status, json } = await call(method, path.replaceAll(/:\w+/g, crypto.randomUUID()));
    expect(status).toBe(401);
    expect(json.error).toMatchObject({ code: 'unauthorized', message: 'The header x-api-key is missing.' });
  });

  it('the right one opens, others do not', async () => {
    const { call } = await serve({ apiKey });
    expect((await call('GET', 'instances', undefined, { 'x-api-key': apiKey })).status).toBe(200);
    for (const key of ['the-right-ke', 'the-right-keyy', 'THE-RIGHT-KEY', 'x'.repeat(10_000)]) {
      const { status, text } = await call('GET', 'instances', undefined, { 'x-api-key': key });
      expect(status).toBe(401);
      expect(text).not.toContain(apiKey);
    }
  });

  it('unknown paths and wrong methods tell nothing without it', async () => {
    const { call } = await serve({ apiKey });
    expect((await call('GET', '/nowhere')).status).toBe(401);
    expect((await call('POST', '/health')).status).toBe(401);
  });

  it('health needs none', async () => {
    const { call } = await serve({ apiKey });
    for (const path of ['/health', '/api/v2/health']) expect((await call('GET', path)).status).toBe(200);
    for (const path of ['/ready', '/metrics', '/docs']) expect((await call('GET', path)).status).toBe(401);
  });

  it('any Host and Origin may come', async () => {
    const served = await serve({ apiKey });
    expect(
      await statusWith(served, { host: 'omni.example', origin: 'https://elsewhere.example', 'x-api-key': apiKey }),
    ).toBe(200);
  });
});

describe('without an API key', () => {
  it.each(['localhost', 'localhost:8881', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:8881', 'LOCALHOST'])(
    'the Host %s may come',
    async (host) => {
      expect(await statusWith(await serve(), { host })).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:8881',
    'localhost@evil.example',
    '::1',
  ])('the Host %j may not, since a web page could have brought it', async (host) => {
    expect(await statusWith(await serve(), { host })).toBe(403);
  });

  it.each(['https://evil.example', 'null', 'http://localhost:1', 'http://127.0.0.1.evil.example'])(
    'the Origin %s may not',
    async (origin) => {
      const served = await serve();
      expect(await statusWith(served, { host: `localhost:${served.port}`, origin }, 'POST')).toBe(403);
    },
  );

  it('its own Origin may', async () => {
    const served = await serve();
    const host = `localhost:${served.port}`;
    expect(await statusWith(served, { host, origin: `http://${host}` })).toBe(200);
  });
});
