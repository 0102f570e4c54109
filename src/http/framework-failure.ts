import { Denied } from './denied.ts';
import { BODY_LIMIT_BYTES } from './read-body.ts';

/** What Fastify and Node refuse by themselves, in our words; null: it is not theirs. */
export const frameworkFailure = (error: unknown): Denied | null => {
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = typeof code === 'string' ? KNOWN[code] : undefined;
  if (known !== undefined) return new Denied(known);
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return null;
  return new Denied({ status: 400, code: 'bad_request', message: 'The request is not one that can be read.' });
};

type Known = ConstructorParameters<typeof Denied>[0];

const tooLarge: Known = {
  status: 413,
  code: 'body_too_large',
  message: `body: must be at most ${BODY_LIMIT_BYTES} bytes.`,
  details: { field: 'body', limitBytes: BODY_LIMIT_BYTES },
};

const tooSlow: Known = { status: 408, code: 'request_timeout', message: 'The request did not arrive in time.' };

const badUrl: Known = {
  status: 400,
  code: 'invalid_url',
  message: 'url: is not validly percent-encoded.',
  details: { field: 'url' },
};

const KNOWN: Readonly<Record<string, Known>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: tooLarge,
  FST_ERR_BAD_URL: badUrl,
  FST_ERR_MAX_PARAM_LENGTH: { ...badUrl, status: 414, message: 'url: a part of the path is too long.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'invalid_body',
    message: 'body: its length is not what Content-Length says.',
    details: { field: 'body' },
  },
  HPE_HEADER_OVERFLOW: { status: 431, code: 'headers_too_large', message: 'The headers of the request are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
};
