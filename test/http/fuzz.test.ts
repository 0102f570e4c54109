import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullPathsOf } from '../../src/http/openapi.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { type Answer, addInstance, serve, startSync } from './serve.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 40);

const NASTY = [
  '',
  '0',
  '-1',
  '1e9',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  "';--",
  '../..',
  '%00',
  '\u0000',
  '\ud800',
  '𝕏',
];
const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 40 }), fc.uuid());

const names = (fields: object) => fc.oneof(fc.constantFrom('__proto__', 'x', ...Object.keys(fields)), text);

const bodyFor = (fields: object) =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.dictionary(names(fields), fc.jsonValue({ maxDepth: 4 })).map((value) => JSON.stringify(value)),
    },
    { weight: 2, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  );

const queryFor = (fields: object) =>
  fc.oneof(
    fc.array(fc.tuple(names(fields), text), { maxLength: 4 }).map((pairs) => new URLSearchParams(pairs).toString()),
    fc.string({ unit: fc.constantFrom('%', '&', '=', '+', 'a', '0', 'f', ';', '[') }),
  );

const headers = fc.dictionary(
  fc.constantFrom('content-type', 'accept', 'last-event-id', 'accept-version', 'x-api-key', 'if-none-match'),
  fc.stringMatching(/^[\x21-\x7e]{1,20}$/),
);

const expectEnvelope = ({ status, json, headers: answered }: Answer): void => {
  expect(status).toBeLessThan(500);
  if (status < 400) return;
  expect(answered.get('content-type')).toBe('application/json; charset=utf-8');
  expect(json.error).toEqual({
    code: expect.stringMatching(/^[a-z_]+$/),
    message: expect.stringMatching(/./),
    details: expect.any(Object),
  });
};

describe(`under arbitrary input (FUZZ_SEED=${SEED})`, () => {
  const rows = ROUTES.filter(({ answer }) => answer.contentType !== 'text/event-stream').flatMap((route) =>
    fullPathsOf(route).map((path) => [route.method, path, route] as const),
  );

  it.each(rows)('%s %s answers, and refuses in the envelope', async (method, path, route) => {
    const served = await serve();
    const instanceId = await addInstance(served);
    const ids = {
      instanceId,
      jobId: await startSync(served, instanceId),
      key: 'sync.defaultDepth',
      deadLetterId: crypto.randomUUID(),
    };
    const param = (name: string) =>
      fc.oneof(
        fc.constant(ids[name as keyof typeof ids]),
        text.map((value) => encodeURIComponent(value.toWellFormed())),
      );
    const parts = path.split('/').map((part) => (part.startsWith(':') ? param(part.slice(1)) : fc.constant(part)));
    const input = fc.record({
      path: fc.tuple(...parts).map((all) => all.join('/')),
      query: queryFor(route.query.fields),
      body: fc.option(bodyFor(route.body.fields), { nil: undefined }),
      headers,
    });
    await fc.assert(
      fc.asyncProperty(input, async (request) => {
        const body = method === 'GET' ? undefined : request.body;
        expectEnvelope(await served.call(method, `${request.path}?${request.query}`, body, request.headers));
      }),
      { seed: SEED, numRuns: RUNS },
    );
    expect(served.world.logged.filter((line) => line.startsWith('ERROR'))).toEqual([]);
  });
});
