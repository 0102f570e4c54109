import { gzipSync } from 'node:zlib';
import { Effect } from 'effect';
import { describe, expect, it } from 'vitest';
import { parseRaw, rawRequest } from './raw-request.ts';
import { addInstance, serve } from './serve.ts';

const refusal = { error: { code: expect.any(String), message: expect.any(String), details: expect.any(Object) } };

describe('a body', () => {
  it.each([
    ['{"name":"x",', 'invalid_json', 'position 12'],
    ['{name: 1}', 'invalid_json', 'position 1'],
    ['nonsense', 'invalid_json', 'position 1.'],
    ['{"name": x}', 'invalid_json', 'position 9.'],
    ['{"a":[1,2,,]}', 'invalid_json', 'position 10.'],
    ['{"a": tru', 'invalid_json', 'position 9.'],
    ['{} {}', 'invalid_json', 'position 3'],
    [new Uint8Array([0x7b, 0xff, 0x7d]), 'invalid_json', 'UTF-8'],
    ['"text"', 'invalid_request', 'body: must be a JSON object'],
    ['7', 'invalid_request', 'body: must be a JSON object'],
    ['null', 'invalid_request', 'body: must be a JSON object'],
    ['[]', 'invalid_request', 'body: must be a JSON object'],
    ['', 'invalid_request', 'body: must be a JSON object'],
    ['{"name":"a\\u0000b"}', 'invalid_json', 'name: must not contain NUL'],
    ['{"name":"\\ud800"}', 'invalid_json', 'name: must not contain NUL or unpaired'],
    ['{"a\\u0000":1}', 'invalid_json', 'must not contain NUL'],
    ['{"__proto__":{"admin":true}}', 'invalid_request', '__proto__: is not a known field'],
    ['{"constructor":{"prototype":{}}}', 'invalid_request', 'constructor: is not a known field'],
    [`${'[['.repeat(50_000)}`, 'invalid_json', 'position'],
    [`{"name":${'['.repeat(50)}${']'.repeat(50)}}`, 'invalid_json', 'deeper than 20'],
    [`{"name":${'['.repeat(400_000)}${']'.repeat(400_000)}}`, 'invalid_json', 'deeper than 20'],
  ])('%j is refused', async (body, code, words) => {
    const { call } = await serve();
    const { status, json } = await call('POST', 'instances', body);
    expect(status).toBe(400);
    expect(json.error.code).toBe(code);
    expect(json.error.message).toContain(words);
  });

  it('may begin with a byte order mark', async () => {
    const { call } = await serve();
    const { json } = await call('POST', 'instances', '\ufeff{}');
    expect(json.error.message).toContain('name: is required');
  });

  it('is refused where none belongs, unless it is empty', async () => {
    const served = await serve();
    const id = await addInstance(served);
    expect((await served.call('POST', `instances/${id}/connect`, '{}')).status).toBe(202);
    for (const body of ['7', '[]', '[1]', 'null', '"x"']) {
      expect((await served.call('POST', `instances/${id}/connect`, body)).status).toBe(400);
    }
    expect((await served.call('POST', `instances/${id}/connect`, '{"a":1}')).json.error.message).toContain(
      'a: is not a known field',
    );
  });

  it('that is too large is refused, whether its length is told or not', async () => {
    const { call, base } = await serve();
    const told = await call('POST', 'instances', `{"name":"${'x'.repeat(1_100_000)}"}`);
    expect(told.status).toBe(413);
    expect(told.json.error.message).toContain('1048576 bytes');
    const stream = new Blob(['x'.repeat(1_100_000)]).stream();
    const untold = await fetch(`${base}/api/v2/instances`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(untold.status).toBe(413);
    expect(await untold.json()).toMatchObject(refusal);
  });

  it.each(['gzip', 'deflate', 'br', 'GZIP', 'identity, gzip'])('encoded as %s is refused', async (encoding) => {
    const { call } = await serve();
    const { status, json } = await call('POST', 'instances', gzipSync('{}'), { 'content-encoding': encoding });
    expect(status).toBe(415);
    expect(json.error.details['field']).toBe('Content-Encoding');
  });
});

describe('a query', () => {
  it.each([
    ['limit=0', 'limit'],
    ['limit=501', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=%00', 'cursor'],
    ['cursor=a%20b', 'cursor'],
    [`cursor=${'x'.repeat(1_001)}`, 'cursor'],
    ['since=yesterday', 'since'],
    ['since=2026-13-01', 'since'],
    ['since=2026-02-01&until=2026-01-01', 'until'],
    ['search=%zz', 'search'],
    ['search=%ff', 'search'],
    ['instanceId=7', 'instanceId'],
    ['conversationId=%27%3B--', 'conversationId'],
    ['__proto__=1', '__proto__'],
    ['limt=1', 'limt'],
    ['%ff=1', 'query'],
  ])('%s is refused and names %s', async (query, field) => {
    const { call } = await serve();
    const { status, json } = await call('GET', `events?${query}`);
    expect(status).toBe(400);
    expect(json.error.details['field']).toBe(field);
  });

  it.each([
    '',
    '?',
    '?&&',
    '?limit=',
    '?limit=500',
    '?since=2026-01-01&until=2026-01-01T00:00:00.5-01:00',
    '?search=a+b%20c',
  ])('%j is fine', async (query) => {
    const { call } = await serve();
    expect((await call('GET', `events${query}`)).status).toBe(200);
  });
});

describe('a path', () => {
  it.each([
    ['GET', '/nowhere', 404],
    ['GET', '/api/v2', 404],
    ['GET', '/api/v2/instances/', 400],
    ['GET', '/health/', 404],
    ['GET', '/health?a=1', 400],
    ['GET', '//instances', 404],
    ['GET', '/api/v2/instances/7', 400],
    ['GET', `/api/v2/instances/${'x'.repeat(1_000)}`, 400],
    ['GET', `/api/v2/instances/${'x'.repeat(3_000)}`, 414],
    ['GET', '/api/v2/instances/%zz', 400],
    ['GET', '/api/v2/settings/%00', 404],
    ['GET', '/api/v2/settings/__proto__', 404],
    ['GET', '/api/v2/settings/constructor', 404],
    ['PUT', '/api/v2/settings/toString', 404],
  ])('%s %s is answered with an envelope', async (method, path, expected) => {
    const { call } = await serve();
    const { status, json } = await call(method, path, method === 'PUT' ? { value: 1 } : undefined);
    expect(status).toBe(expected);
    expect({ error: json.error }).toMatchObject(refusal);
  });

  it.each([
    ['DELETE', '/api/v2/sync', 'GET'],
    ['PATCH', '/health', 'GET'],
    ['OPTIONS', '/api/v2/instances', 'POST, GET'],
    ['PROPFIND', '/api/v2/settings', 'GET, PATCH'],
  ])('takes no %s at %s and says what it takes', async (method, path, allow) => {
    const { call } = await serve();
    const { status, headers, json } = await call(method, path);
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe(allow);
    expect(json.error.code).toBe('method_not_allowed');
  });
});

describe('bytes that are no HTTP', () => {
  it.each([
    ['nonsense', 'GARBAGE\r\n\r\n', 400],
    ['a bad header', 'GET / HTTP/1.1\r\nbad header\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx', 400],
    ['a length and chunks', 'POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    [
      'bad chunks',
      'POST /api/v2/instances HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    ['no Host', 'GET /api/v2/instances HTTP/1.1\r\nconnection: close\r\n\r\n', 403],
    ['huge headers', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 431],
    [
      'an unknown transfer encoding',
      'POST /api/v2/instances HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      415,
    ],
  ])('%s: refused in JSON', async (_name, bytes, expected) => {
    const { port } = await serve();
    const { status, body } = parseRaw(await rawRequest(port, bytes));
    expect(body).toMatchObject(refusal);
    expect(status).toBe(expected);
  });

  it('an expectation that nobody knows is ignored', async () => {
    const { port } = await serve();
    const answer = await rawRequest(
      port,
      'GET /health HTTP/1.1\r\nhost: localhost\r\nexpect: miracles\r\nconnection: close\r\n\r\n',
    );
    expect(parseRaw(answer).status).toBe(200);
  });
});

describe('a defect', () => {
  it('is logged, and told without its insides', async () => {
    const { call, world } = await serve();
    Object.assign(world.deps, { readiness: Effect.die(new Error('inside: s3cret')) });
    const { status, text, json } = await call('GET', '/ready');
    expect(status).toBe(500);
    expect(json.error.code).toBe('internal');
    expect(text).not.toMatch(/inside|s3cret|\.ts/);
    expect(world.logged.some((line) => line.includes('inside: s3cret'))).toBe(true);
  });
});
