import { Effect } from 'effect';
import { DOCS_POLICY, docsPageOf } from '../docs-page.ts';
import { openApiOf } from '../openapi.ts';
import { type Route, route } from '../route.ts';
import { document, text } from '../shape.ts';

/** The documentation of a route table, which itself is part of what it documents. */
export const documentRoutes = (others: readonly Route[]): readonly Route[] => {
  const own = [
    route({
      method: 'GET',
      path: '/openapi.json',
      summary: 'This API as an OpenAPI 3.1 document.',
      answer: document('The document.'),
      handle: () => Effect.sync(() => api),
    }),
    route({
      method: 'GET',
      path: '/docs',
      root: 'only',
      summary: 'This API for people.',
      answer: text('A page of HTML.', 'text/html; charset=utf-8', { 'content-security-policy': DOCS_POLICY }),
      handle: () => Effect.sync(() => page),
    }),
  ];
  const api = openApiOf([...others, ...own]);
  const page = docsPageOf(api);
  return own;
};
