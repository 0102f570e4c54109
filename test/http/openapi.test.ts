import { Result, Schema } from 'effect';
import { describe, expect, it } from 'vitest';
import { InstanceId } from '../../src/domain/ids.ts';
import { fullPathsOf } from '../../src/http/openapi.ts';
import type { Route } from '../../src/http/route.ts';
import { ROUTES } from '../../src/http/routes.ts';
import { addInstance, serve, startSync } from './serve.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly schema: { readonly additionalProperties: boolean } }>;
  };
  readonly responses: Record<string, { readonly description?: string; readonly $ref?: string }>;
}

interface Api {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly responses: Record<string, unknown> };
}

const readApi = async (): Promise<Api> => JSON.parse((await (await serve()).call('GET', 'openapi.json')).text);

describe('the OpenAPI document', () => {
  it('lists each route, and nothing else', async () => {
    const { paths } = await readApi();
    const listed = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const answered = ROUTES.flatMap((route) =>
      fullPathsOf(route).map((path) => `${route.method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
    );
    expect(listed.sort()).toEqual(answered.sort());
  });

  it('has the shape of version 3.1', async () => {
    const { openapi, info, paths, components } = await readApi();
    expect(openapi).toMatch(/^3\.1\.\d+$/);
    expect(info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    const ids = new Set<string>();
    for (const [path, methods] of Object.entries(paths)) {
      for (const operation of Object.values(methods)) {
        expect(operation.summary).toMatch(/\.$/);
        expect(operation.operationId).toMatch(/^\w+$/);
        ids.add(operation.operationId);
        const inPath = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
        expect(inPath.sort()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
        expect(operation.parameters.every(({ in: place, required }) => place !== 'path' || required)).toBe(true);
        for (const answer of Object.values(operation.responses)) {
          const name = answer.$ref?.replace('#/components/responses/', '');
          expect(name === undefined ? answer.description : components.responses[name]).toBeTruthy();
        }
      }
    }
    expect(ids.size).toBe(Object.values(paths).flatMap(Object.keys).length);
  });

  it('says that unknown fields are refused, and numbers are numbers', async () => {
    const { paths } = await readApi();
    const body = paths['/api/v2/instances']?.['post']?.requestBody?.content['application/json'];
    expect(body?.schema.additionalProperties).toBe(false);
    const limit = paths['/api/v2/events']?.['get']?.parameters.find(({ name }) => name === 'limit');
    expect(limit?.schema).toEqual({ type: 'integer', minimum: 1, maximum: 500 });
    expect(JSON.stringify(paths)).not.toContain('"NaN"');
  });

  it('describes every setting, and every instant', async () => {
    const { paths } = await readApi();
    const body = paths['/api/v2/settings']?.['patch']?.requestBody?.content['application/json'];
    const described = body?.schema as unknown as { properties?: Record<string, { description?: string }> } | undefined;
    const properties = Object.entries(described?.properties ?? {});
    expect(properties).not.toEqual([]);
    for (const [key, { description }] of properties) expect(description, key).toMatch(/\.$/);
    const since = paths['/api/v2/events']?.['get']?.parameters.find(({ name }) => name === 'since');
    expect(since).toMatchObject({ description: expect.stringContaining('ISO 8601') });
  });

  it('says how the stream of a job is resumed, and of what kind answers are that are not JSON', async () => {
    const { paths } = await readApi();
    const stream = paths['/api/v2/instances/{instanceId}/sync/{jobId}/events']?.['get'];
    expect(stream?.parameters.map(({ name, in: place }) => `${place} ${name}`)).toContain('header Last-Event-ID');
    expect(Object.keys(stream?.responses ?? {})).toContain('204');
    for (const path of ['/metrics', '/docs', '/api/v2/instances/{instanceId}/qr.svg']) {
      expect(JSON.stringify(paths[path]?.['get']?.responses['200']), path).toContain('"schema":{"type":"string"');
    }
  });

  it('has every schema that a program could need inside itself', async () => {
    const references = [...JSON.stringify(await readApi()).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, reference]) => reference,
    );
    expect(new Set(references)).toEqual(new Set(['#/components/responses/Refusal']));
  });
});

describe('answers', () => {
  const shapeOf = (method: string, path: string): Route['answer'] => {
    const found = ROUTES.find((route) => route.method === method && fullPathsOf(route).includes(path));
    if (found === undefined) throw new Error(`no route ${method} ${path}`);
    return found.answer;
  };

  it('have the shape that is documented, field by field', async () => {
    const served = await serve();
    const instanceId = await addInstance(served);
    const jobId = await startSync(served, instanceId);
    const { identity, group } = served.world.met.meet(InstanceId.make(instanceId), 'Alice', 0);
    const key = 'sync.discord.messagesPerMinute';
    const calls: [string, string, unknown?][] = [
      ['POST', '/instances', { name: 'Two', channel: 'discord', token: 'another-token-of-some-length' }],
      ['GET', '/instances'],
      ['GET', '/instances/:instanceId'],
      ['PATCH', '/instances/:instanceId', { name: 'One' }],
      ['GET', '/instances/:instanceId/status'],
      ['POST', '/instances/:instanceId/connect'],
      ['GET', '/instances/:instanceId/sync'],
      ['GET', '/instances/:instanceId/sync/:jobId'],
      ['POST', '/instances/:instanceId/sync/:jobId/pause'],
      ['GET', '/instances/:instanceId/coverage'],
      ['GET', '/instances/:instanceId/conversations'],
      ['GET', '/instances/:instanceId/contacts'],
      ['GET', '/instances/:instanceId/groups'],
      ['GET', '/instances/:instanceId/groups/:groupId/members'],
      ['GET', '/persons'],
      ['POST', '/persons', { name: 'Made' }],
      ['GET', '/persons/:personId'],
      ['PATCH', '/persons/:personId', { name: 'Named' }],
      ['GET', '/persons/:personId/timeline'],
      ['GET', '/persons/:personId/links'],
      ['POST', '/persons/link', { identityId: identity.id, personId: identity.personId }],
      ['POST', '/persons/unlink', { identityId: identity.id }],
      ['GET', '/sync'],
      ['GET', '/events'],
      ['GET', '/settings'],
      ['PATCH', '/settings', { [key]: 3 }],
      ['PUT', '/settings/:key', { value: 4 }],
      ['DELETE', '/settings/:key'],
      ['GET', '/debug/actors'],
      ['GET', '/debug/actors/:instanceId'],
      ['GET', '/debug/dead-letters'],
      ['GET', '/health'],
      ['GET', '/ready'],
      ['DELETE', '/instances/:instanceId'],
    ];
    for (const [method, path, body] of calls) {
      const { status, schema } = shapeOf(method, `/api/v2${path}`);
      const ids: Record<string, string> = { instanceId, jobId, key, groupId: group.id, personId: identity.personId };
      const url = path.replaceAll(/:(\w+)/g, (_all, name: string) => ids[name] ?? name);
      const confirm = method === 'DELETE' && path.startsWith('/instances') ? `?confirm=${instanceId}` : '';
      const answer = await served.call(method, `/api/v2${url}${confirm}`, body);
      expect(answer.status, `${method} ${path}`).toBe(status);
      const decode = Schema.decodeUnknownResult(schema as Schema.Codec<unknown>, {
        errors: 'all',
        onExcessProperty: 'error',
      });
      const decoded = decode(JSON.parse(answer.text));
      expect(Result.isFailure(decoded) ? `${method} ${path}: ${decoded.failure.message}` : 'as documented').toBe(
        'as documented',
      );
    }
  });
});

describe('the docs page', () => {
  it('is where people look for it', async () => {
    const { call } = await serve();
    const [typed, meant] = [await call('GET', '/docs/'), await call('GET', '/docs')];
    expect([typed.status, typed.text]).toEqual([200, meant.text]);
  });

  it('shows every route, and loads nothing', async () => {
    const { call } = await serve();
    const { text, headers } = await call('GET', '/docs');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).not.toMatch(/<script|src=|@import|url\(|https?:/i);
    for (const route of ROUTES) {
      for (const path of fullPathsOf(route)) expect(text).toContain(path.replaceAll(/:(\w+)/g, '{$1}'));
    }
  });
});
