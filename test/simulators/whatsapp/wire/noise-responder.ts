import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { Curve, type KeyPair, NOISE_MODE, NOISE_WA_HEADER, proto } from '@whiskeysockets/baileys';
import type { ServerIdentity } from './certificates.ts';
import { ProtocolError } from './protocol-error.ts';

const TAG_BYTES = 16;
const NOTHING = Buffer.alloc(0);

const nonce = (counter: number): Buffer => {
  const iv = Buffer.alloc(12);
  iv.writeUInt32BE(counter, 8);
  return iv;
};

const seal = (key: Buffer, counter: number, data: Uint8Array, additional: Buffer): Buffer => {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter)).setAAD(additional);
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
};

const open = (key: Buffer, counter: number, data: Uint8Array, additional: Buffer): Buffer => {
  const bytes = Buffer.from(data);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter)).setAAD(additional);
  try {
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw new ProtocolError('noise', 'a frame that does not decrypt');
  }
};

/** Who the client says it is: its static key, and an encoded `ClientPayload`. */
export interface ClientFinish {
  readonly noiseKey: Buffer;
  readonly payload: Uint8Array;
}

/**
 * The server's side of `Noise_XX_25519_AESGCM_SHA256`, with the header of WhatsApp as prologue.
 * Both directions share one nonce counter until the handshake is done, as in the client (`noise-handler.js`).
 */
export class NoiseResponder {
  readonly #ephemeral: KeyPair = Curve.generateKeyPair();
  readonly #identity: ServerIdentity;
  #hash: Buffer;
  #salt: Buffer;
  #key: Buffer;
  #counter = 0;
  #reading: { readonly key: Buffer; counter: number } | null = null;
  #writing: { readonly key: Buffer; counter: number } | null = null;

  constructor(identity: ServerIdentity) {
    this.#identity = identity;
    const mode = Buffer.from(NOISE_MODE);
    this.#hash = mode.length === 32 ? mode : createHash('sha256').update(mode).digest();
    this.#salt = this.#hash;
    this.#key = this.#hash;
    this.#mix(NOISE_WA_HEADER);
  }

  get isDone(): boolean {
    return this.#reading !== null;
  }

  /** Takes the first frame of the client and gives the answer to it. */
  hello(frame: Uint8Array): Uint8Array {
    const theirs = proto.HandshakeMessage.decode(frame).clientHello?.ephemeral;
    if (theirs?.length !== 32) throw new ProtocolError('handshake', 'no ephemeral key of 32 bytes in the hello');
    this.#mix(theirs);
    this.#mix(this.#ephemeral.public);
    this.#turn(Curve.sharedKey(this.#ephemeral.private, theirs));
    const encrypted = this.#encrypt(this.#identity.keyPair.public);
    this.#turn(Curve.sharedKey(this.#identity.keyPair.private, theirs));
    return proto.HandshakeMessage.encode({
      serverHello: {
        ephemeral: this.#ephemeral.public,
        static: encrypted,
        payload: this.#encrypt(this.#identity.chain),
      },
    }).finish();
  }

  /** Takes the second frame; from then on `seal` and `open` carry the session. */
  finish(frame: Uint8Array): ClientFinish {
    const finish = proto.HandshakeMessage.decode(frame).clientFinish;
    if (!finish?.static || !finish.payload) throw new ProtocolError('handshake', 'an incomplete finish');
    const noiseKey = this.#decrypt(finish.static);
    this.#turn(Curve.sharedKey(this.#ephemeral.private, noiseKey));
    const payload = this.#decrypt(finish.payload);
    const [theirs, ours] = this.#derive(NOTHING);
    this.#reading = { key: theirs, counter: 0 };
    this.#writing = { key: ours, counter: 0 };
    return { noiseKey, payload };
  }

  seal(data: Uint8Array): Buffer {
    if (this.#writing === null) throw new Error('The handshake is not done.');
    return seal(this.#writing.key, this.#writing.counter++, data, NOTHING);
  }

  open(data: Uint8Array): Buffer {
    if (this.#reading === null) throw new Error('The handshake is not done.');
    return open(this.#reading.key, this.#reading.counter++, data, NOTHING);
  }

  #mix(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  #derive(secret: Uint8Array): readonly [Buffer, Buffer] {
    const keys = Buffer.from(hkdfSync('sha256', secret, this.#salt, '', 64));
    return [keys.subarray(0, 32), keys.subarray(32)];
  }

  #turn(secret: Uint8Array): void {
    [this.#salt, this.#key] = this.#derive(secret);
    this.#counter = 0;
  }

  #encrypt(data: Uint8Array): Buffer {
    const sealed = seal(this.#key, this.#counter++, data, this.#hash);
    this.#mix(sealed);
    return sealed;
  }

  #decrypt(data: Uint8Array): Buffer {
    const opened = open(this.#key, this.#counter++, data, this.#hash);
    this.#mix(data);
    return opened;
  }
}
