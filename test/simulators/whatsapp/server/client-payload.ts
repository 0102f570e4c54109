import { createHash } from 'node:crypto';
import { Curve, generateSignalPubKey, KEY_BUNDLE_TYPE, proto } from '@whiskeysockets/baileys';
import type { DeviceState } from '../state/simulator-state.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

/** A device that knows an account logs in; one that knows none registers, to be paired. */
export type Claim =
  | { readonly kind: 'login'; readonly phoneNumber: string; readonly deviceId: number }
  | { readonly kind: 'registration'; readonly registration: Registration };

export type Registration = Pick<DeviceState, 'bundle' | 'platform' | 'requiresFullSync' | 'takesInlineBootstrap'>;

const need = <A>(value: A | null | undefined, what: string): A => {
  if (value === null || value === undefined) throw new ProtocolError('payload', `no ${what}`);
  return value;
};

const key = (value: Uint8Array | null | undefined, what: string, length: number): Buffer => {
  const bytes = need(value, what);
  if (bytes.length !== length) throw new ProtocolError('payload', `${what} has ${bytes.length} bytes, not ${length}`);
  return Buffer.from(bytes);
};

/** Reads the payload of a handshake. Throws `ProtocolError`. */
export const readClientPayload = (bytes: Uint8Array): Claim => {
  const payload = proto.ClientPayload.decode(bytes);
  const version = need(payload.userAgent?.appVersion, 'version');
  const { devicePairingData } = payload;
  if (!devicePairingData) {
    return {
      kind: 'login',
      phoneNumber: String(need(payload.username, 'user name')),
      deviceId: payload.device ?? 0,
    };
  }
  const hash = createHash('md5').update([version.primary, version.secondary, version.tertiary].join('.')).digest();
  if (!hash.equals(key(devicePairingData.buildHash, 'build hash', 16))) {
    throw new ProtocolError('payload', 'the build hash is not that of the version');
  }
  if (!KEY_BUNDLE_TYPE.equals(key(devicePairingData.eKeytype, 'key type', 1))) {
    throw new ProtocolError('payload', 'a key type other than 5');
  }
  const identity = key(devicePairingData.eIdent, 'identity key', 32);
  const value = key(devicePairingData.eSkeyVal, 'signed pre key', 32);
  const signature = key(devicePairingData.eSkeySig, 'signature of the pre key', 64);
  if (!Curve.verify(identity, generateSignalPubKey(value), signature)) {
    throw new ProtocolError('payload', 'the pre key is not signed by the identity key');
  }
  const props = proto.DeviceProps.decode(need(devicePairingData.deviceProps, 'device properties'));
  return {
    kind: 'registration',
    registration: {
      bundle: {
        registrationId: key(devicePairingData.eRegid, 'registration id', 4).readUInt32BE(),
        identity,
        signedPreKey: { id: key(devicePairingData.eSkeyId, 'pre key id', 3).readUIntBE(0, 3), value, signature },
      },
      platform: `${props.os ?? ''} ${proto.DeviceProps.PlatformType[props.platformType ?? 0] ?? ''}`,
      requiresFullSync: props.requireFullSync === true,
      takesInlineBootstrap: props.historySyncConfig?.inlineInitialPayloadInE2EeMsg === true,
    },
  };
};
