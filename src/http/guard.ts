import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Denied } from './denied.ts';

/** Decides whether a request may come in at all; null: it may. */
export type Guard = (request: { readonly headers: IncomingHttpHeaders; readonly open: boolean }) => Denied | null;

/** With a key every route but the open ones wants it; without one only this machine's own programs are let in. */
export const createGuard = (apiKey: string | null): Guard => (apiKey === null ? guardLoopback : guardByKey(apiKey));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Digests have one length, so that comparing takes the same time whatever was sent. */
const guardByKey = (apiKey: string): Guard => {
  const expected = digest(apiKey);
  return ({ headers, open }) => {
    if (open) return null;
    const key = headers['x-api-key'];
    if (typeof key === 'string' && timingSafeEqual(digest(key), expected)) return null;
    const message = key === undefined ? 'The header x-api-key is missing.' : 'The header x-api-key holds another key.';
    return new Denied({ status: 401, code: 'unauthorized', message, details: { field: 'x-api-key' } });
  };
};

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Without a key a web page is the one stranger that can reach us: by a name of its own that resolves to
 * loopback (DNS rebinding, told by Host), or by a plain cross-site POST, since any content type counts as
 * JSON here (told by Origin).
 */
const guardLoopback: Guard = ({ headers }) => {
  const { host, origin } = headers;
  if (host === undefined || !LOOPBACK_HOST.test(host)) {
    const message = 'Host: without an API key this service answers only to localhost, 127.0.0.1 or [::1].';
    return new Denied({ status: 403, code: 'foreign_host', message, details: { field: 'Host' } });
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    const message = 'Origin: without an API key this service takes no requests from web pages of other sites.';
    return new Denied({ status: 403, code: 'foreign_origin', message, details: { field: 'Origin' } });
  }
  return null;
};
