import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import type { Reply, RestApi } from './rest-api.ts';

/** Puts replies on the wire, and spoils the wire where a fault says so. */
export class HttpWire {
  readonly #api: RestApi;
  readonly #latencyMs: number;

  constructor(api: RestApi, latencyMs: number) {
    this.#api = api;
    this.#latencyMs = latencyMs;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const reply = this.#api.handle({
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      authorization: request.headers.authorization,
      userAgent: request.headers['user-agent'],
      host: request.headers.host,
    });
    if (this.#latencyMs > 0) setTimeout(() => this.#send(reply, response), this.#latencyMs);
    else this.#send(reply, response);
  }

  #send({ answer, struck }: Reply, response: ServerResponse): void {
    switch (struck?.fault.kind) {
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'cutBody':
        cut(answer, response);
        return;
      case 'slow': {
        const { ms } = struck.fault;
        const timer = ms === undefined ? null : setTimeout(() => write(answer, response), ms);
        void struck.released.then(() => {
          if (timer !== null) clearTimeout(timer);
          if (!response.headersSent) write(answer, response);
        });
        return;
      }
      default:
        write(answer, response);
    }
  }
}

const headersOf = ({ headers, body }: Answer): Record<string, string | number> => ({
  ...headers,
  'content-length': Buffer.byteLength(body),
});

const write = (answer: Answer, response: ServerResponse): void => {
  if (response.destroyed) return;
  response.writeHead(answer.status, headersOf(answer));
  response.end(answer.body);
};

const cut = (answer: Answer, response: ServerResponse): void => {
  response.writeHead(answer.status, headersOf(answer));
  const half = Buffer.from(answer.body).subarray(0, Math.floor(Buffer.byteLength(answer.body) / 2));
  response.write(half, () => response.socket?.destroy());
};
