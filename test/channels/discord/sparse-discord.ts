import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A server that keeps to Discord's protocol and leaves out whatever can be left out. */
export interface SparseDiscord {
  readonly apiUrl: string;
  /** What each request asked for: path and query. */
  readonly asked: readonly string[];
  /** Opcodes of what came over the gateway, heartbeats left out. */
  readonly heard: readonly number[];
  /** Sends a packet to everybody who is connected. */
  readonly send: (packet: unknown) => void;
  /** Cuts every gateway connection. */
  readonly drop: () => void;
  readonly close: () => Promise<void>;
}

export interface SparseAnswers {
  /** By path below `/api/v10`; a missing one is 404. */
  readonly routes: Readonly<Record<string, unknown>>;
  /** Answers by path that are no JSON, or no success. */
  readonly broken?: Readonly<Record<string, BrokenAnswer>>;
  readonly ready: Readonly<Record<string, unknown>>;
  /** The whole answer of `/gateway/bot`, given the gateway's address. */
  readonly gateway?: (url: string) => unknown;
  /** Where READY says that the session is to be resumed, given the gateway's address. */
  readonly resumeAt?: (url: string) => unknown;
  /** Data of HELLO. */
  readonly hello?: unknown;
  /**
   * Answers a packet in the place of the server; false: the server answers. Under the path `/gone` nobody is let in.
   */
  readonly onPacket?: (packet: { readonly op: number; readonly d: unknown }, socket: WebSocket) => boolean;
  /** In the place of the gateway's address. */
  readonly gatewayUrl?: string;
  /** The token in IDENTIFY and in every request; others are refused. */
  readonly token: string;
}

export interface BrokenAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const HELLO = { heartbeat_interval: 45_000 };

export const startSparseDiscord = async ({
  routes,
  ready,
  gatewayUrl,
  token,
  broken = {},
  gateway: gatewayOf = (url) => ({ url }),
  resumeAt,
  hello = HELLO,
  onPacket = () => false,
}: SparseAnswers): Promise<SparseDiscord> => {
  const asked: string[] = [];
  const heard: number[] = [];
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://sparse');
    const path = pathname.replace('/api/v10', '');
    asked.push(`${path}${search}`);
    const spoilt = broken[path];
    if (spoilt !== undefined) return void response.writeHead(spoilt.status, spoilt.headers).end(spoilt.text);
    const known = request.headers.authorization === `Bot ${token}`;
    const body = path === '/gateway/bot' ? gatewayOf(gatewayUrl ?? address('ws')) : routes[path];
    const status = !known ? 401 : body === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? body : { message: `${status}` }));
  });
  const gateway = new WebSocketServer({
    server,
    verifyClient: ({ req }, answer) => answer(!req.url?.startsWith('/gone'), 404),
  });
  gateway.on('connection', (socket) => {
    socket.send(JSON.stringify({ op: 10, d: hello }));
    socket.on('message', (data) => {
      const packet = JSON.parse(String(data));
      const { op, d } = packet;
      if (op !== 1) heard.push(op);
      if (onPacket(packet, socket)) return;
      if (op === 1) socket.send(JSON.stringify({ op: 11 }));
      if (op !== 2) return;
      const resumed = resumeAt === undefined ? {} : { resume_gateway_url: resumeAt(address('ws')) };
      if (d.token === token) socket.send(JSON.stringify({ op: 0, s: 1, t: 'READY', d: { ...ready, ...resumed } }));
      else socket.close(4004);
    });
  });
  const address = (scheme: string): string => `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    apiUrl: `${address('http')}/api/`,
    asked,
    heard,
    send: (packet) => {
      for (const socket of gateway.clients) socket.send(JSON.stringify(packet));
    },
    drop: () => {
      for (const socket of gateway.clients) socket.terminate();
    },
    close: async () => {
      for (const socket of gateway.clients) socket.terminate();
      gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
