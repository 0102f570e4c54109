import { connect } from 'node:net';

/** Writes bytes on a connection of its own, which it then ends, and gives back everything that came. */
export const rawRequest = (port: number, bytes: string | Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });

/** The status and the body of a raw answer. */
export const parseRaw = (answer: string): { status: number; body: unknown } => {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), body: JSON.parse(body) };
};
