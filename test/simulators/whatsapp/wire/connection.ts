import { type BinaryNode, decodeBinaryNode, encodeBinaryNode } from '@whiskeysockets/baileys';
import type { RawData, WebSocket } from 'ws';
import type { ServerIdentity } from './certificates.ts';
import { FrameReader, frameOf } from './frames.ts';
import { Lane } from './lane.ts';
import { type ClientFinish, NoiseResponder } from './noise-responder.ts';
import { ProtocolError } from './protocol-error.ts';

/** What a connection tells whoever listens. Nodes come one at a time: the next waits for the last one's promise. */
export interface ConnectionEvents {
  /** The moments of a handshake, before what the server does at each. False: it does not happen. */
  readonly passes: (moment: 'upgrade' | 'hello' | 'finish', connection: Connection) => boolean;
  readonly finished: (connection: Connection, finish: ClientFinish) => Promise<void>;
  readonly node: (connection: Connection, node: BinaryNode) => Promise<void>;
  readonly broke: (connection: Connection, error: ProtocolError) => void;
  readonly closed: (connection: Connection) => void;
}

const bytesOf = (data: RawData): Buffer => {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
};

/** One WebSocket: the Noise handshake, then binary nodes in both directions. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #reader = new FrameReader();
  readonly #noise: NoiseResponder;
  readonly #lane = new Lane();
  #greeted = false;
  #isOpen = true;
  #isMuted = false;

  constructor(socket: WebSocket, identity: ServerIdentity, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#noise = new NoiseResponder(identity);
    socket.on('message', (data) => void this.#lane.run(() => this.#receive(bytesOf(data))));
    socket.on('close', () => this.#end());
    socket.on('error', () => socket.terminate());
    if (!events.passes('upgrade', this)) this.drop();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  /** Nothing is said on this line any more. */
  mute(): void {
    this.#isMuted = true;
  }

  get routingInfo(): Buffer | null {
    return this.#reader.routingInfo;
  }

  send(stanza: BinaryNode): void {
    if (this.#isOpen && !this.#isMuted) this.#socket.send(frameOf(this.#noise.seal(encodeBinaryNode(stanza))));
  }

  /** Says a last word, then closes as the server does. */
  end(stanza?: BinaryNode): void {
    if (stanza !== undefined) this.send(stanza);
    this.#socket.close(1000);
  }

  /** The line is cut. */
  drop(): void {
    this.#socket.terminate();
  }

  async #receive(bytes: Buffer): Promise<void> {
    if (!this.#isOpen) return;
    try {
      for (const frame of this.#reader.read(bytes)) await this.#take(frame);
    } catch (error) {
      const broken = error instanceof ProtocolError ? error : new ProtocolError('unreadable', String(error));
      this.#events.broke(this, broken);
      this.drop();
    }
  }

  async #take(frame: Buffer): Promise<void> {
    if (this.#noise.isDone) {
      await this.#events.node(this, await decodeBinaryNode(this.#noise.open(frame)));
    } else if (!this.#greeted) {
      this.#greeted = true;
      if (this.#events.passes('hello', this)) this.#socket.send(frameOf(this.#noise.hello(frame)));
    } else {
      const finish = this.#noise.finish(frame);
      if (this.#events.passes('finish', this)) await this.#events.finished(this, finish);
    }
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#events.closed(this);
  }
}
