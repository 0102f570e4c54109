import { ProtocolError } from '../wire/protocol-error.ts';

/** What a companion shows to be scanned. */
export interface QrCode {
  readonly ref: string;
  readonly noiseKey: Buffer;
  readonly identity: Buffer;
  readonly advSecret: Buffer;
  readonly platformId: string;
}

const PREFIX = 'https://wa.me/settings/linked_devices#';

/** Reads it as the phone's camera would. Throws `ProtocolError`. */
export const readQrCode = (text: string): QrCode => {
  if (!text.startsWith(PREFIX)) throw new ProtocolError('qr', `no QR code of WhatsApp: it must begin with ${PREFIX}`);
  const parts = text.slice(PREFIX.length).split(',');
  const [ref, noiseKey, identity, advSecret, platformId] = parts;
  if (parts.length !== 5 || !ref || !noiseKey || !identity || !advSecret || !platformId) {
    throw new ProtocolError('qr', `a QR code has 5 parts, this one ${parts.length}`);
  }
  const key = (name: string, base64: string): Buffer => {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length !== 32) throw new ProtocolError('qr', `${name} has ${bytes.length} bytes instead of 32`);
    return bytes;
  };
  return {
    ref,
    noiseKey: key('the noise key', noiseKey),
    identity: key('the identity key', identity),
    advSecret: key('the ADV secret', advSecret),
    platformId,
  };
};
