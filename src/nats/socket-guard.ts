import type { Socket } from 'node:net';
import type { NatsConnection } from '@nats-io/transport-node';

/** Where the client keeps its socket; it has no public way to it. */
interface Innards {
  readonly protocol?: { readonly transport?: { readonly socket?: Socket } };
}

const ignore = (): void => {};

/**
 * The client takes all listeners off a socket before it destroys it. An error that is still on its way then, such as
 * "write after end" when the server hung up in the same moment, would find no listener and end the process. One
 * that ignores it stays: the client itself has given the socket up.
 */
export const guardSocket = (connection: NatsConnection): void => {
  const socket = (connection as Innards).protocol?.transport?.socket;
  if (socket === undefined) return;
  const removeAll = socket.removeAllListeners.bind(socket);
  socket.removeAllListeners = (event?: string | symbol) => {
    removeAll(event);
    return socket.on('error', ignore);
  };
};
