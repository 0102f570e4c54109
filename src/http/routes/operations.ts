import { Effect, Schema } from 'effect';
import { toIso } from '../../domain/instant.ts';
import { Denied } from '../denied.ts';
import { route } from '../route.ts';
import { one, text } from '../shape.ts';

const Ready = Schema.Struct({ ready: Schema.Boolean, checks: Schema.Record(Schema.String, Schema.String) });

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const operationRoutes = [
  route({
    method: 'GET',
    path: '/health',
    root: 'also',
    open: true,
    summary: 'Says that the process is alive. Asks nothing else, needs no key.',
    answer: one(Schema.Struct({ status: Schema.Literal('ok'), at: Schema.String })),
    handle: (_input, deps) => Effect.succeed({ status: 'ok' as const, at: toIso(deps.clock()) }),
  }),
  route({
    method: 'GET',
    path: '/ready',
    root: 'also',
    summary: 'Says whether this node can do its work; 503 if not.',
    answer: one(Ready),
    handle: (_input, deps) =>
      Effect.flatMap(deps.readiness, ({ ready, checks }) =>
        ready
          ? Effect.succeed({ ready, checks })
          : Effect.fail(
              new Denied({
                status: 503,
                code: 'not_ready',
                message: 'This node cannot do its work at the moment; details say which check fails.',
                details: { checks },
                headers: { 'retry-after': '2' },
              }),
            ),
      ),
  }),
  route({
    method: 'GET',
    path: '/metrics',
    root: 'also',
    summary: 'Measurements, as Prometheus reads them.',
    answer: text('Prometheus text format.', METRICS_TYPE),
    handle: (_input, deps) => Effect.promise(() => deps.metrics.render()),
  }),
];
