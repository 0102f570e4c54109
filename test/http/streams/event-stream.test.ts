import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../src/domain/log.ts';
import { openEventStream } from '../../../src/http/streams/event-stream.ts';
import { follow } from '../../../src/http/streams/follow.ts';

/** A response whose reader takes nothing from the wire. */
const unreadResponse = async (): Promise<ServerResponse> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [, response] = await once(server, 'request');
  onTestFinished(async () => {
    socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return response;
};

describe('an event stream', () => {
  it('stops asking its source while the reader is behind, and cuts the reader off in the end', async () => {
    const response = await unreadResponse();
    const stream = openEventStream(response, 15_000, 200);
    const megabyte = 'x'.repeat(1_000_000);
    let batches = 0;
    const advance = async (): Promise<'more'> => {
      batches += 1;
      stream.send({ name: 'big', data: megabyte });
      return 'more';
    };
    await follow(stream, { subscribe: () => () => {}, advance, everyMs: 0 }, silentLog);
    expect(stream.closed.aborted).toBe(true);
    expect(batches).toBeLessThan(50);
  });

  it('sends heartbeats while there is nothing to tell', async () => {
    const server = createServer((_request, response) => void openEventStream(response, 10)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    let text = '';
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes(': heartbeat\n\n: heartbeat\n\n')) break;
    }
    expect(text).toContain(': heartbeat');
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('is over at once if its reader left before it was opened', async () => {
    const response = await unreadResponse();
    response.destroy();
    await once(response, 'close');
    expect(openEventStream(response).closed.aborted).toBe(true);
  });
});
