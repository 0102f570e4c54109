import { AsyncLocalStorage } from 'node:async_hooks';
import { DefaultRestOptions, type RESTOptions, type ResponseLike } from 'discord.js';
import { completeGatewayAnswer } from './gateway-answer.ts';

/** More than any page or channel list needs; a body without an end must not fill the memory. */
const LARGEST_BODY_BYTES = 32 * 1024 * 1024;

/** One request and what came back, as far as it came. */
export interface Exchange {
  /** When the request left, ms. */
  readonly requestedAt: number;
  /** Null until a status line came. */
  status: number | null;
  headers: Pick<Headers, 'get'>;
  /** The body so far; all of it once `complete`. */
  text: string;
  complete: boolean;
}

/** Where the exchange of a request is put down; null when nothing left the process. */
export interface Slot {
  exchange: Exchange | null;
}

const slots = new AsyncLocalStorage<Slot>();

/** Runs a request of discord.js such that its exchange is put down in `slot`. */
export const recordedIn = <A>(slot: Slot, request: () => Promise<A>): Promise<A> => slots.run(slot, request);

/**
 * The text is made in one piece, whatever comes of the body: pages are large, and pieces of them would be made twice.
 */
const readInto = async (exchange: Exchange, body: ResponseLike['body']): Promise<void> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > LARGEST_BODY_BYTES) throw new Error(`The answer is larger than ${LARGEST_BODY_BYTES} bytes.`);
    }
    exchange.complete = true;
  } finally {
    exchange.text = new TextDecoder().decode(Buffer.concat(chunks));
  }
};

/**
 * discord.js' own transport, with each body read to its end inside the request: so the time limit covers the
 * body too, an error page is drained, and what came is known whatever the library makes of it.
 */
export const recordingTransport =
  (now: () => number): RESTOptions['makeRequest'] =>
  async (url, init) => {
    const exchange: Exchange = { requestedAt: now(), status: null, headers: new Headers(), text: '', complete: false };
    const slot = slots.getStore();
    if (slot !== undefined) slot.exchange = exchange;
    const response = await DefaultRestOptions.makeRequest(url, init);
    exchange.status = response.status;
    exchange.headers = response.headers;
    await readInto(exchange, response.body);
    if (new URL(url).pathname.endsWith('/gateway/bot') && response.ok) return completeGatewayAnswer(exchange.text);
    // Whoever asked reads the exchange; discord.js itself reads only what went wrong.
    const isRead = slot !== undefined && response.ok;
    const bodiless = isRead || response.status === 204 || response.status === 304 || exchange.text === '';
    // Without the rate-limit headers, which are ours to obey: see `RateBuckets`.
    const headers = { 'content-type': response.headers.get('content-type') ?? '' };
    return new Response(bodiless ? null : exchange.text, { status: response.status, headers });
  };
