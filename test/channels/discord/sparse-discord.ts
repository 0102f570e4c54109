import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** A server that keeps to Discord's protocol and leaves out whatever can be left out. */
export interface SparseDiscord {
  readonly apiUrl: string;
  /** What each request asked for: path and query. */
  readonly asked: readonly string[];
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
  /** In the place of the gateway's address. */
  readonly gatewayUrl?: string;
  /** The token in IDENTIFY and in every request; others are refused. */
  readonly token: string;
}

export interface BrokenAnswer {
  readonly status: number;
  readonly text: string;
}

const HELLO = { op: 10, d: { heartbeat_interval: 45_000 } };

export const startSparseDiscord = async ({
  routes,
  ready,
  gatewayUrl,
  token,
  broken = {},
}: SparseAnswers): Promise<SparseDiscord> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://sparse');
    const path = pathname.replace('/api/v10', '');
    asked.push(`${path}${search}`);
    const spoilt = broken[path];
    if (spoilt !== undefined) return void response.writeHead(spoilt.status).end(spoilt.text);
    const known = request.headers.authorization === `Bot ${token}`;
    const body = path === '/gateway/bot' ? { url: gatewayUrl ?? address('ws') } : routes[path];
    const status = !known ? 401 : body === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? body : { message: `${status}` }));
  });
  const gateway = new WebSocketServer({ server });
  gateway.on('connection', (socket) => {
    socket.send(JSON.stringify(HELLO));
    socket.on('message', (data) => {
      const { op, d } = JSON.parse(String(data));
      if (op === 1) socket.send(JSON.stringify({ op: 11 }));
      if (op !== 2) return;
      if (d.token === token) socket.send(JSON.stringify({ op: 0, s: 1, t: 'READY', d: ready }));
      else socket.close(4004);
    });
  });
  const address = (scheme: string): string => `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    apiUrl: `${address('http')}/api/`,
    asked,
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
