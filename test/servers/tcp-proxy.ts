import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that a test can cut, or fill with silence. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections are open. */
  readonly open: number;
  /** Resolves when the connections that are open now have ended, whatever came after them. */
  drained(): Promise<void>;
  /** Ends every connection, and takes no new ones. */
  cut(): void;
  /** Connections stay, and are taken, but nothing gets through in either direction. */
  stall(): void;
  /** Takes connections again, and lets through what waited. */
  restore(): void;
  close(): Promise<void>;
}

export const startTcpProxy = async (target: { readonly port: number; readonly host?: string }): Promise<TcpProxy> => {
  const pairs = new Map<Socket, Socket>();
  let mode: 'open' | 'cut' | 'stalled' = 'open';

  const each = (act: (socket: Socket) => void): void => {
    for (const pair of pairs) for (const socket of pair) act(socket);
  };
  const join = (client: Socket): void => {
    if (mode === 'cut') return void client.destroy();
    const server = connect(target.port, target.host ?? '127.0.0.1');
    pairs.set(client, server);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      // A socket with a listener for data flows; one that is paused fills its buffers, as a stalled network does.
      from.on('data', (bytes) => {
        if (!to.write(bytes)) from.pause();
      });
      to.on('drain', () => mode !== 'stalled' && from.resume());
      from.on('error', () => from.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(client);
      });
    }
    if (mode === 'stalled') each((socket) => socket.pause());
  };

  const listener = createServer(join).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port');
  const cut = (): void => {
    mode = 'cut';
    each((socket) => socket.destroy());
  };
  return {
    port: address.port,
    get open() {
      return pairs.size;
    },
    drained: async () => {
      await Promise.all([...pairs.keys()].map((client) => client.closed || once(client, 'close')));
    },
    cut,
    stall: () => {
      mode = 'stalled';
      each((socket) => socket.pause());
    },
    restore: () => {
      mode = 'open';
      each((socket) => socket.resume());
    },
    close: async () => {
      cut();
      await new Promise((closed) => listener.close(closed));
    },
  };
};
