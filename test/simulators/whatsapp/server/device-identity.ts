import { createHmac } from 'node:crypto';
import {
  type BinaryNode,
  Curve,
  type KeyPair,
  proto,
  WA_ADV_ACCOUNT_SIG_PREFIX,
  WA_ADV_DEVICE_SIG_PREFIX,
} from '@whiskeysockets/baileys';
import { bytesOf, needAttr, needChild } from '../wire/nodes.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

/** How a phone vouches for a companion (ADV), and how the companion's answer is checked. `validate-connection.js` */
export interface SignedIdentity {
  readonly details: Uint8Array;
  readonly keyIndex: number;
  /** For the companion, under the secret that only it and the phone know. */
  readonly hmacContainer: Uint8Array;
}

const E2EE = proto.ADVEncryptionType.E2EE;

/** `at` in ms. */
export const signIdentity = (
  phone: KeyPair,
  companion: Buffer,
  advSecret: Buffer,
  { keyIndex, at }: { readonly keyIndex: number; readonly at: number },
): SignedIdentity => {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: keyIndex * 7919,
    timestamp: Math.floor(at / 1000),
    keyIndex,
    accountType: E2EE,
    deviceType: E2EE,
  }).finish();
  const accountSignature = Curve.sign(phone.private, Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, companion]));
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: phone.public,
    accountSignature,
  }).finish();
  const hmac = createHmac('sha256', advSecret).update(signed).digest();
  const hmacContainer = proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac, accountType: E2EE }).finish();
  return { details, keyIndex, hmacContainer };
};

/** Checks what the companion made of it: `<pair-device-sign>`. Throws `ProtocolError`. */
export const verifyCountersigned = (
  reply: BinaryNode,
  { details, keyIndex }: SignedIdentity,
  phone: Uint8Array,
  companion: Buffer,
): void => {
  const answer = needChild(needChild(reply, 'pair-device-sign'), 'device-identity');
  if (needAttr(answer, 'key-index') !== String(keyIndex)) throw new ProtocolError('pairing', 'another key index');
  const signed = proto.ADVSignedDeviceIdentity.decode(bytesOf(answer));
  if (!signed.details || !Buffer.from(details).equals(signed.details)) {
    throw new ProtocolError('pairing', 'other details than the phone signed');
  }
  if (signed.accountSignatureKey?.length) throw new ProtocolError('pairing', 'the account key must be left out');
  const message = Buffer.concat([WA_ADV_DEVICE_SIG_PREFIX, details, companion, phone]);
  if (!signed.deviceSignature || !Curve.verify(companion, message, signed.deviceSignature)) {
    throw new ProtocolError('pairing', 'the device signature does not hold');
  }
};
