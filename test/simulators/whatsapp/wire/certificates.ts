import { Curve, type KeyPair, proto } from '@whiskeysockets/baileys';
import { SIMULATOR_ROOT } from './root-key.ts';

/** What the server proves itself with: a static key, and a chain from the simulator's root to it. */
export interface ServerIdentity {
  readonly keyPair: KeyPair;
  /** An encoded `CertChain`. */
  readonly chain: Uint8Array;
}

/** Serial of the root, `WA_CERT_DETAILS.SERIAL`. */
const ROOT_SERIAL = 0;
const INTERMEDIATE_SERIAL = 1;

const { Details } = proto.CertChain.NoiseCertificate;

const certificate = (
  details: proto.CertChain.NoiseCertificate.IDetails,
  signer: Uint8Array,
): proto.CertChain.INoiseCertificate => {
  const encoded = Details.encode(details).finish();
  return { details: encoded, signature: Curve.sign(signer, encoded) };
};

export const makeServerIdentity = (): ServerIdentity => {
  const keyPair = Curve.generateKeyPair();
  const between = Curve.generateKeyPair();
  const chain = proto.CertChain.encode({
    intermediate: certificate(
      { serial: INTERMEDIATE_SERIAL, issuerSerial: ROOT_SERIAL, key: between.public },
      SIMULATOR_ROOT.private,
    ),
    leaf: certificate({ serial: 2, issuerSerial: INTERMEDIATE_SERIAL, key: keyPair.public }, between.private),
  }).finish();
  return { keyPair, chain };
};
