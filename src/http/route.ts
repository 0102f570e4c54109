import { Effect, Result, Schema } from 'effect';
import { decodeInput, type InputSchema } from './decode-input.ts';
import type { Denied } from './denied.ts';
import type { HttpDeps } from './http-deps.ts';
import type { Failure } from './problem.ts';
import type { Sending, Shape } from './shape.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A request before it is checked. */
export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  /** Undefined: there was none. */
  readonly body: unknown;
  /** The header by which a stream resumes. */
  readonly lastEventId: string | null;
}

/** A request that has passed its schemas. */
export interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly lastEventId: string | null;
}

interface About {
  readonly method: Method;
  /** With `:name` for parameters, below `/api/v2` unless `root` says otherwise. */
  readonly path: string;
  /** One sentence for the documentation. */
  readonly summary: string;
  /** `also`: answered below `/api/v2` and at the root, where operators' tools look. `only`: at the root. */
  readonly root?: 'also' | 'only';
  /** Answered without an API key. */
  readonly open?: boolean;
}

interface Spec<P extends InputSchema, Q extends InputSchema, B extends InputSchema, A> extends About {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: Shape<A>;
  readonly handle: (input: Input<P['Type'], Q['Type'], B['Type']>, deps: HttpDeps) => Effect.Effect<A, Failure>;
}

/** One row of the route table: what the driver registers, validates and documents. */
export interface Route extends About {
  readonly params: InputSchema;
  readonly query: InputSchema;
  readonly body: InputSchema;
  readonly answer: Omit<Shape<unknown>, 'send'>;
  /** Checks a request; what it gives is ready to run. */
  readonly prepare: (raw: RawInput, deps: HttpDeps) => Result.Result<Effect.Effect<Sending, Failure>, Denied>;
}

const NOTHING = Schema.Struct({});

/** Makes a row of the table from a handler that sees only checked input. A part without a schema takes no fields. */
export const route = <
  A,
  P extends InputSchema = typeof NOTHING,
  Q extends InputSchema = typeof NOTHING,
  B extends InputSchema = typeof NOTHING,
>(
  spec: Spec<P, Q, B, A>,
): Route => {
  // An absent part leaves its type parameter at the default, which is the type of NOTHING.
  const params = (spec.params ?? NOTHING) as P;
  const query = (spec.query ?? NOTHING) as Q;
  const body = (spec.body ?? NOTHING) as B;
  // As the documentation says: a body that must name nothing need not be there.
  const mayBeAbsent = spec.body === undefined || Result.isSuccess(decodeInput(body, 'body', {}));
  return {
    ...spec,
    params,
    query,
    body,
    prepare: (raw, deps) =>
      Result.gen(function* () {
        const input = {
          params: yield* decodeInput(params, 'params', raw.params),
          query: yield* decodeInput(query, 'query', raw.query),
          body: yield* decodeInput(body, 'body', raw.body === undefined && mayBeAbsent ? {} : raw.body),
          lastEventId: raw.lastEventId,
        };
        return Effect.map(
          Effect.suspend(() => spec.handle(input, deps)),
          spec.answer.send,
        );
      }),
  };
};
