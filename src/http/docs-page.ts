import { createHash } from 'node:crypto';
import type { JsonSchema, OpenApiDocument, Operation, Parameter } from './openapi.ts';

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2733;background:#fff}
h1{margin-bottom:.2rem}
section{border-top:1px solid #d5dce3;padding:1rem 0}
h2{font:600 1rem ui-monospace,monospace;margin:0}
.GET{color:#0b6e4f}.POST{color:#0a58ca}.PUT,.PATCH{color:#9a5b00}.DELETE{color:#b02a37}
table{border-collapse:collapse;margin:.5rem 0;width:100%}
td,th{text-align:left;vertical-align:top;border-bottom:1px solid #e8edf1;padding:.25rem .75rem .25rem 0}
pre{background:#f4f7f9;padding:.75rem;overflow:auto;font-size:.8rem}
summary{cursor:pointer;color:#4b5b6b}
@media(prefers-color-scheme:dark){body{background:#12181f;color:#d9e2ea}pre{background:#1c252e}section,td,th{border-color:#2b3742}}
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The page needs nothing but its own style; nothing else may load or run. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The API for people, from the same document that programs read. */
export const docsPageOf = (api: OpenApiDocument): string => {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method.toUpperCase(), path, operation)),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(api.info.title)}</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(api.info.title)}</h1>
<p>${escapeHtml(api.info.description)} For programs: <a href="/api/v2/openapi.json">openapi.json</a>.</p>
${operations.join('\n')}
</body></html>
`;
};

const section = (
  method: string,
  path: string,
  operation: Operation,
): string => `<section id="${escapeHtml(operation.operationId)}">
<h2><span class="${method}">${method}</span> ${escapeHtml(path)}</h2>
<p>${escapeHtml(operation.summary)}</p>
${parameters(operation.parameters)}${body(operation)}${answers(operation)}
</section>`;

const parameters = (all: readonly Parameter[]): string => {
  if (all.length === 0) return '';
  const rows = all.map(
    ({ name, in: place, required, description, schema }) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${place}${required ? ', required' : ''}</td><td>${escapeHtml(kindOf(schema))}</td><td>${escapeHtml(description ?? '')}</td></tr>`,
  );
  return `<table><tr><th>name</th><th>in</th><th>kind</th><th>meaning</th></tr>${rows.join('')}</table>`;
};

const kindOf = (schema: JsonSchema): string =>
  Array.isArray(schema['enum']) ? schema['enum'].join(' | ') : String(schema['format'] ?? schema['type'] ?? 'any');

const body = ({ requestBody }: Operation): string =>
  requestBody === undefined ? '' : details('Body', requestBody.content['application/json']?.schema);

const answers = ({ responses }: Operation): string =>
  Object.entries(responses)
    .map(([status, answer]) => {
      if ('$ref' in answer) return '';
      const [type, content] = Object.entries(answer.content ?? {})[0] ?? ['', {}];
      return details(`${status}, ${type}`, content.schema ?? { description: answer.description });
    })
    .join('');

const details = (title: string, schema: JsonSchema | undefined): string =>
  `<details><summary>${escapeHtml(title)}</summary><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre></details>`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
