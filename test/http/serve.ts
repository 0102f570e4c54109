import { Effect, Exit, Scope } from 'effect';
import { onTestFinished } from 'vitest';
import { startHttp } from '../../src/http/start-http.ts';
import { type InMemory, inMemoryDeps } from './in-memory-deps.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, if it is JSON; a part of the envelope that is missing is empty. */
  readonly json: Envelope;
}

export interface Envelope {
  readonly data: Record<string, unknown>;
  readonly items: readonly Record<string, unknown>[];
  readonly meta: Record<string, unknown>;
  readonly error: { readonly code: string; readonly message: string; readonly details: Record<string, unknown> };
}

const EMPTY: Envelope = { data: {}, items: [], meta: {}, error: { code: '', message: '', details: {} } };

export interface Served {
  readonly world: InMemory;
  readonly port: number;
  readonly base: string;
  readonly call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  /** Closes the server as the end of its scope does. */
  readonly close: () => Promise<void>;
}

/** The real server over loopback. It closes with the test. */
export const serve = async (options: { apiKey?: string; host?: string; world?: InMemory } = {}): Promise<Served> => {
  const { apiKey = null, host = '127.0.0.1', world = inMemoryDeps() } = options;
  const scope = Effect.runSync(Scope.make());
  const { port } = await Effect.runPromise(Scope.provide(startHttp(world.deps, { host, port: 0, apiKey }), scope));
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void));
  onTestFinished(close);
  const base = `http://127.0.0.1:${port}`;
  return { world, port, base, close, call: caller(base) };
};

const caller =
  (base: string): Served['call'] =>
  async (method, path, body, headers = {}) => {
    const init = { method, headers, ...(body === undefined ? {} : { body: bodyOf(body) }) };
    const response = await fetch(`${base}${path.startsWith('/') ? path : `/api/v2/${path}`}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: { ...EMPTY, ...(isJson ? JSON.parse(text) : {}) },
    };
  };

const bodyOf = (body: unknown): string | Uint8Array<ArrayBuffer> => {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return typeof body === 'string' ? body : JSON.stringify(body);
};

export const TOKEN = 'a-token-that-nobody-may-ever-see';

export const addInstance = async ({ call }: Served, name = 'Bot', token = TOKEN): Promise<string> => {
  const { status, json, text } = await call('POST', 'instances', { name, channel: 'discord', token });
  if (status !== 201) throw new Error(text);
  return String(json.data['id']);
};

export const startSync = async ({ call }: Served, id: string): Promise<string> => {
  const { status, json, text } = await call('POST', `instances/${id}/sync`, { type: 'messages' });
  if (status !== 202) throw new Error(text);
  return String(json.data['jobId']);
};
