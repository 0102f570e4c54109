import { Cause, Effect, Exit, Result } from 'effect';
import { Denied } from './denied.ts';
import type { HttpDeps } from './http-deps.ts';
import type { Failure } from './problem.ts';
import type { RawInput, Route } from './route.ts';
import type { Sending } from './shape.ts';

/** What takes longer is answered with 503; it goes on or is undone, but nobody waits for it. */
const HANDLER_LIMIT_MS = 10_000;

const tooSlow = new Denied({
  status: 503,
  code: 'too_slow',
  message: 'The request took too long. What it asked for may still happen; look before you repeat it.',
  headers: { 'retry-after': '5' },
});

/** Checks a request against its route and runs the handler. The failure of the result may also be a defect. */
export const runRoute = async (
  route: Route,
  raw: RawInput,
  deps: HttpDeps,
  limitMs = HANDLER_LIMIT_MS,
): Promise<Result.Result<Sending, unknown>> => {
  const prepared = route.prepare(raw, deps);
  return Result.isFailure(prepared) ? Result.fail(prepared.failure) : withinLimit(prepared.success, limitMs);
};

// A plain race, since an effect that cannot be interrupted would make an Effect timeout wait for it.
const withinLimit = async (
  effect: Effect.Effect<Sending, Failure>,
  limitMs: number,
): Promise<Result.Result<Sending, unknown>> => {
  const over = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Result.Result<Sending, unknown>>();
  const timer = setTimeout(() => {
    resolve(Result.fail(tooSlow));
    over.abort();
  }, limitMs);
  const ran = Effect.runPromiseExit(effect, { signal: over.signal }).then((exit) =>
    Exit.isSuccess(exit) ? Result.succeed(exit.value) : Result.fail(Cause.squash(exit.cause)),
  );
  const first = await Promise.race([ran, promise]);
  clearTimeout(timer);
  return first;
};
