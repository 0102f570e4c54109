/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const jsonText = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  body,
  headers: { 'content-type': 'application/json', ...headers },
});

export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Answer =>
  jsonText(status, JSON.stringify(body), headers);

export const ok = (body: unknown): Answer => json(200, body);

/** Discord's error object. https://discord.com/developers/docs/reference#error-messages */
export const refusal = (status: number, code: number, message: string): Answer => json(status, { message, code });

export const UNAUTHORIZED = refusal(401, 0, '401: Unauthorized');
export const NOT_FOUND = refusal(404, 0, '404: Not Found');
export const METHOD_NOT_ALLOWED = refusal(405, 0, '405: Method Not Allowed');
export const MISSING_ACCESS = refusal(403, 50_001, 'Missing Access');
export const MISSING_PERMISSIONS = refusal(403, 50_013, 'Missing Permissions');
export const UNKNOWN_CHANNEL = refusal(404, 10_003, 'Unknown Channel');
export const UNKNOWN_GUILD = refusal(404, 10_004, 'Unknown Guild');
export const UNKNOWN_MEMBER = refusal(404, 10_007, 'Unknown Member');
export const UNKNOWN_MESSAGE = refusal(404, 10_008, 'Unknown Message');
export const WRONG_CHANNEL_TYPE = refusal(400, 50_024, 'Cannot execute action on this channel type');
export const INVALID_API_VERSION = refusal(400, 50_041, 'Invalid API version provided');
export const NO_USER_AGENT = refusal(403, 40_333, 'internal network error');

/** A page of Cloudflare, which stands before Discord: HTML where a client hoped for JSON. */
export const cloudflarePage = (status: number, title: string): Answer => ({
  status,
  body: `<!DOCTYPE html>\n<html lang="en-US"><head><title>${title} | discord.com | Cloudflare</title></head>\n<body><h1>${title}</h1><p>Error code ${status}</p></body></html>\n`,
  headers: { 'content-type': 'text/html; charset=UTF-8', server: 'cloudflare' },
});
