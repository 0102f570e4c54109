import { Data } from 'effect';

/** A request that HTTP itself refuses, before anything of the domain is asked. Becomes the error envelope. */
export class Denied extends Data.TaggedError('Denied')<{
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 414 | 415 | 431 | 503;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}> {}
