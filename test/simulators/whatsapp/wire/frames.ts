import { NOISE_WA_HEADER } from '@whiskeysockets/baileys';
import { ProtocolError } from './protocol-error.ts';

const LENGTH_BYTES = 3;
/** `ED`, two version bytes, three of length, then the routing information that the server once gave. */
const ROUTING_PREFIX = Buffer.from('ED\u0000\u0001', 'latin1');
/** Larger frames than the client would ever need to send. */
const LARGEST_FRAME = 8 * 1024 * 1024;

/** Cuts the byte stream of a client into frames, after the introduction that comes first. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #introduced = false;
  /** What the client gave back of an earlier `edge_routing`. */
  routingInfo: Buffer | null = null;

  /** The frames that are complete with this chunk. Throws `ProtocolError`. */
  read(chunk: Buffer): Buffer[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (!this.#introduced && !this.#introduce()) return [];
    const frames: Buffer[] = [];
    while (this.#bytes.length >= LENGTH_BYTES) {
      const size = this.#bytes.readUIntBE(0, LENGTH_BYTES);
      if (size > LARGEST_FRAME) throw new ProtocolError('frame', `a frame of ${size} bytes`);
      if (this.#bytes.length < LENGTH_BYTES + size) break;
      frames.push(this.#bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + size));
      this.#bytes = this.#bytes.subarray(LENGTH_BYTES + size);
    }
    return frames;
  }

  #introduce(): boolean {
    let at = 0;
    if (this.#bytes.subarray(0, 2).equals(ROUTING_PREFIX.subarray(0, 2))) {
      if (this.#bytes.length < 7) return false;
      const size = this.#bytes.readUIntBE(4, LENGTH_BYTES);
      if (this.#bytes.length < 7 + size) return false;
      this.routingInfo = Buffer.from(this.#bytes.subarray(7, 7 + size));
      at = 7 + size;
    }
    if (this.#bytes.length < at + NOISE_WA_HEADER.length) return false;
    const header = this.#bytes.subarray(at, at + NOISE_WA_HEADER.length);
    if (!header.equals(NOISE_WA_HEADER)) {
      throw new ProtocolError(
        'introduction',
        `expected ${NOISE_WA_HEADER.toString('hex')}, not ${header.toString('hex')}`,
      );
    }
    this.#bytes = this.#bytes.subarray(at + NOISE_WA_HEADER.length);
    this.#introduced = true;
    return true;
  }
}

export const frameOf = (data: Uint8Array): Buffer => {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + data.length);
  frame.writeUIntBE(data.length, 0, LENGTH_BYTES);
  frame.set(data, LENGTH_BYTES);
  return frame;
};
