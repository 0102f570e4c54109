import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Problem } from './problem.ts';
import type { Route } from './route.ts';
import type { Sending } from './shape.ts';
import { openEventStream } from './streams/event-stream.ts';
import type { OpenStreams } from './streams/open-streams.ts';

/** Sends what a handler gave, in the form of its route. A stream is entered in `streams` until it is over. */
export const send = (reply: FastifyReply, route: Route, sending: Sending, streams: OpenStreams): FastifyReply => {
  const { status, contentType, headers } = route.answer;
  reply.code(status).headers({ ...headers, 'content-type': contentType });
  if (sending.kind === 'json') return reply.send(JSON.stringify(sending.body));
  if (sending.kind === 'text') return reply.send(sending.text);
  if (sending.follower === null) return reply.removeHeader('content-type').code(204).send();
  reply.hijack();
  const stream = openEventStream(reply.raw);
  streams.add(stream);
  sending.follower(stream);
  return reply;
};

export const sendProblem = (reply: FastifyReply, { status, headers, body }: Problem): FastifyReply =>
  reply
    .code(status)
    .headers({ ...headers, 'content-type': 'application/json; charset=utf-8' })
    .send(JSON.stringify(body));

/** Answers on a socket whose bytes never became a request. */
export const answerRawly = (socket: Duplex, { status, body }: Problem): void => {
  if (!socket.writable) return void socket.destroy();
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\nconnection: close\r\n\r\n${text}`);
};
