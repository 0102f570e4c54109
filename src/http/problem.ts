import { Refused, StoreUnavailable } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import { Denied } from './denied.ts';

/** What a handler may fail with; anything else is a defect. */
export type Failure = Refused | StoreUnavailable | Denied;

/** A failure as it is answered. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };
  };
}

const STORE_RETRY_SECONDS = 2;

const problem = (
  status: number,
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Problem => ({ status, headers, body: { error: { code, message, details } } });

const refusal = (refused: Refused): Problem => {
  const { status, code, message, details, retryAfterMs } = refused;
  const headers =
    retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  return problem(status, code, message, details, headers);
};

/** The one place that turns a failure into an answer. A defect is logged, and told without its insides. */
export const problemOf = (failure: unknown, log: Log): Problem => {
  if (failure instanceof Refused) return refusal(failure);
  if (failure instanceof Denied)
    return problem(failure.status, failure.code, failure.message, failure.details, failure.headers);
  if (failure instanceof StoreUnavailable) {
    log.warn({ cause: failure.cause }, 'A request found the database away.');
    const message = 'The database does not answer at the moment. Try again shortly.';
    return problem(503, 'store_unavailable', message, {}, { 'retry-after': String(STORE_RETRY_SECONDS) });
  }
  log.error({ error: failure }, 'A request met a defect.');
  return problem(500, 'internal', 'Something went wrong on our side. The log of the service says more.');
};
