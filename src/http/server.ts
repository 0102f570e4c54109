import { Result } from 'effect';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { answerRawly, send, sendProblem } from './answer.ts';
import { countRequests } from './count-requests.ts';
import { Denied } from './denied.ts';
import { frameworkFailure } from './framework-failure.ts';
import { createGuard } from './guard.ts';
import type { HttpDeps } from './http-deps.ts';
import { notFound } from './not-found.ts';
import { fullPathsOf } from './openapi.ts';
import { problemOf } from './problem.ts';
import { BODY_LIMIT_BYTES, readBody } from './read-body.ts';
import { readQuery } from './read-query.ts';
import type { RawInput, Route } from './route.ts';
import { ROUTES } from './routes.ts';
import { runRoute } from './run-route.ts';
import { createOpenStreams, type OpenStreams } from './streams/open-streams.ts';

/** A request must have arrived within this. */
const REQUEST_LIMIT_MS = 10_000;

export interface Server {
  readonly app: FastifyInstance;
  /** Refuses what comes from now on and ends every stream; requests under way are finished. */
  readonly drain: () => void;
  /** Resolves once no request is under way. */
  readonly quiet: () => Promise<void>;
}

/** A Fastify server that answers the route table, and every refusal in the envelope. It does not listen yet. */
export const createServer = (deps: HttpDeps, apiKey: string | null): Server => {
  const guard = createGuard(apiKey);
  const streams = createOpenStreams();
  const underWay = countRequests();
  let draining = false;
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_LIMIT_MS,
    http: { requireHostHeader: false, connectionsCheckingInterval: 2_000 },
    routerOptions: { maxParamLength: 2_000, querystringParser: () => ({}) },
    frameworkErrors: (error, _request, reply) =>
      sendProblem(reply, problemOf(frameworkFailure(error) ?? error, deps.log)),
    clientErrorHandler: (error, socket) =>
      answerRawly(socket, problemOf(frameworkFailure(error) ?? UNREADABLE, deps.log)),
  });

  takeAnyBody(app);
  app.server.on('request', underWay.begin);
  // An expectation that we do not know is ours to ignore (RFC 9110, section 10.1.1); Node would answer 417 without a
  // word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    if (draining) reply.header('connection', 'close');
    const denied = draining
      ? SHUTTING_DOWN
      : (guard({ headers: request.headers, open: isOpen(request) }) ?? refuseEncoding(request));
    if (denied !== null) return sendProblem(reply, problemOf(denied, deps.log));
    // Whatever it says, a body is read as JSON; an invalid media type is no reason to refuse it.
    request.raw.headers['content-type'] = undefined;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (draining) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => {
    const path = request.url.split('?')[0];
    deps.log.debug(
      { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'Request answered.',
    );
  });
  app.setErrorHandler((error, _request, reply) =>
    sendProblem(reply, problemOf(frameworkFailure(error) ?? error, deps.log)),
  );
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, problemOf(notFound(request.method, request.url), deps.log)),
  );
  for (const route of ROUTES) register(app, route, deps, streams);
  // As people type it.
  app.get('/docs/', (_request, reply) => reply.redirect('/docs', 308));

  return {
    app,
    drain: () => {
      draining = true;
      streams.endAll();
    },
    quiet: underWay.quiet,
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
  const { 'content-encoding': encoding = 'identity', 'transfer-encoding': transfer = 'chunked' } = headers;
  if (/^identity$/i.test(encoding) && /^chunked$/i.test(transfer)) return null;
  const message = 'Content-Encoding: a body must not be compressed.';
  return new Denied({ status: 415, code: 'unsupported_encoding', message, details: { field: 'Content-Encoding' } });
};

const register = (app: FastifyInstance, route: Route, deps: HttpDeps, streams: OpenStreams): void => {
  const isStream = route.answer.contentType === 'text/event-stream';
  const method = route.method === 'GET' && !isStream ? ['GET', 'HEAD'] : route.method;
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
    return {
      params: request.params,
      query,
      body,
      lastEventId: typeof resume === 'string' && resume !== '' ? resume : null,
    };
  });
