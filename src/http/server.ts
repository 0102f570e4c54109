import type { Duplex } from 'node:stream';
import { Result } from 'effect';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Denied } from './denied.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { frameworkFailure } from './framework-failure.ts';
import { createGuard } from './guard.ts';
import type { HttpDeps } from './http-deps.ts';
import { fullPathsOf } from './openapi.ts';
import { type Problem, problemOf } from './problem.ts';
import { BODY_LIMIT_BYTES, readBody } from './read-body.ts';
import { readQuery } from './read-query.ts';
import type { Method, RawInput, Route } from './route.ts';
import { ROUTES } from './routes.ts';
import { runRoute } from './run-route.ts';
import type { Sending } from './shape.ts';

/** A request must have arrived within this. */
const REQUEST_LIMIT_MS = 10_000;

export interface Server {
  readonly app: FastifyInstance;
  /** Refuses what comes from now on and ends every stream; requests under way are finished. */
  readonly drain: () => void;
}

/** A Fastify server that answers the route table, and every refusal in the envelope. It does not listen yet. */
export const createServer = (deps: HttpDeps, apiKey: string | null): Server => {
  const guard = createGuard(apiKey);
  const streams = new Set<EventStream>();
  let draining = false;
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_LIMIT_MS,
    http: { requireHostHeader: false, connectionsCheckingInterval: 2_000 },
    routerOptions: { maxParamLength: 2_000, querystringParser: () => ({}) },
    frameworkErrors: (error, _request, reply) => sendProblem(reply, problemOf(frameworkFailure(error) ?? error, deps.log)),
    clientErrorHandler: (error, socket) => answerRawly(socket, problemOf(frameworkFailure(error) ?? UNREADABLE, deps.log)),
  });

  takeAnyBody(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    if (draining) reply.header('connection', 'close');
    const denied = draining ? SHUTTING_DOWN : (guard({ headers: request.headers, open: isOpen(request) }) ?? refuseEncoding(request));
    if (denied !== null) return sendProblem(reply, problemOf(denied, deps.log));
    // Whatever it says, a body is read as JSON; an invalid media type is no reason to refuse it.
    delete request.raw.headers['content-type'];
  });
  app.addHook('onSend', async (_request, reply) => {
    if (draining) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => {
    const path = request.url.split('?')[0];
    deps.log.debug({ method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'Request answered.');
  });
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, problemOf(frameworkFailure(error) ?? error, deps.log)));
  app.setNotFoundHandler((request, reply) => sendProblem(reply, problemOf(notFound(request), deps.log)));
  for (const route of ROUTES) register(app, route, deps, streams);

  return {
    app,
    drain: () => {
      draining = true;
      for (const stream of streams) stream.end();
    },
  };
};

const UNREADABLE = new Denied({ status: 400, code: 'bad_http', message: 'The request is not valid HTTP.' });

const SHUTTING_DOWN = new Denied({
  status: 503,
  code: 'shutting_down',
  message: 'This node is shutting down.',
  headers: { 'retry-after': '2' },
});

const takeAnyBody = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
};

const openPaths = new Set(ROUTES.filter((route) => route.open).flatMap(fullPathsOf));

const isOpen = (request: FastifyRequest): boolean => openPaths.has(request.routeOptions.url ?? '');

const refuseEncoding = ({ headers }: FastifyRequest): Denied | null => {
  const encoding = headers['content-encoding'];
  const transfer = headers['transfer-encoding'];
  if ((encoding === undefined || /^identity$/i.test(encoding)) && (transfer === undefined || /^chunked$/i.test(transfer))) return null;
  const message = 'Content-Encoding: a body must not be compressed.';
  return new Denied({ status: 415, code: 'unsupported_encoding', message, details: { field: 'Content-Encoding' } });
};

const register = (app: FastifyInstance, route: Route, deps: HttpDeps, streams: Set<EventStream>): void => {
  const method = route.method === 'GET' && route.answer.contentType !== 'text/event-stream' ? ['GET', 'HEAD'] : route.method;
  for (const url of fullPathsOf(route)) {
    app.route({
      method,
      url,
      handler: async (request, reply) => {
        const raw = readRequest(request);
        if (Result.isFailure(raw)) return sendProblem(reply, problemOf(raw.failure, deps.log));
        const answer = await runRoute(route, raw.success, deps);
        if (Result.isFailure(answer)) return sendProblem(reply, problemOf(answer.failure, deps.log));
        return send(reply, route, answer.success, streams);
      },
    });
  }
};

const readRequest = (request: FastifyRequest): Result.Result<RawInput, Denied> =>
  Result.gen(function* () {
    const query = yield* readQuery(request.url);
    const body = yield* readBody(request.body instanceof Uint8Array ? request.body : undefined);
    const resume = request.headers['last-event-id'];
    return { params: request.params, query, body, lastEventId: typeof resume === 'string' && resume !== '' ? resume : null };
  });

const send = (reply: FastifyReply, route: Route, sending: Sending, streams: Set<EventStream>): FastifyReply => {
  const { status, contentType, headers } = route.answer;
  reply.code(status).headers({ ...headers, 'content-type': contentType });
  if (sending.kind === 'json') return reply.send(JSON.stringify(sending.body));
  if (sending.kind === 'text') return reply.send(sending.text);
  if (sending.follower === null) return reply.removeHeader('content-type').code(204).send();
  reply.hijack();
  const stream = openEventStream(reply.raw);
  streams.add(stream);
  stream.closed.addEventListener('abort', () => streams.delete(stream), { once: true });
  sending.follower(stream);
  return reply;
};

const sendProblem = (reply: FastifyReply, { status, headers, body }: Problem): FastifyReply =>
  reply.code(status).headers({ ...headers, 'content-type': 'application/json; charset=utf-8' }).send(JSON.stringify(body));

/** Answers on a socket whose bytes never became a request. */
const answerRawly = (socket: Duplex, { status, body }: Problem): void => {
  if (!socket.writable) return void socket.destroy();
  const text = JSON.stringify(body);
  const head = [`HTTP/1.1 ${status} Refused`, 'content-type: application/json; charset=utf-8', `content-length: ${Buffer.byteLength(text)}`];
  socket.end(`${head.join('\r\n')}\r\nconnection: close\r\n\r\n${text}`);
};

const PATTERNS = ROUTES.flatMap((route) =>
  fullPathsOf(route).map((path) => ({ method: route.method, pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`) })),
);

/** 405 if the path is there with other methods, otherwise 404. */
const notFound = ({ method, url }: FastifyRequest): Denied => {
  const path = url.split('?')[0] ?? '';
  const allowed: Method[] = PATTERNS.filter(({ pattern }) => pattern.test(path)).map((route) => route.method);
  if (allowed.length > 0) {
    const allow = [...new Set(allowed)].join(', ');
    return new Denied({ status: 405, code: 'method_not_allowed', message: `${method} is not for this path; allowed: ${allow}.`, headers: { allow }, details: { allowed } });
  }
  return new Denied({ status: 404, code: 'not_found', message: 'There is nothing at this path. The API is described at /docs.' });
};
