import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  aesDecryptCTR,
  aesEncryptCTR,
  type BinaryNode,
  Curve,
  derivePairingCodeKey,
  type KeyPair,
} from '@whiskeysockets/baileys';
import type { Faults } from '../faults/faults.ts';
import { childOf, needAttr, needBytes, needChild, node, SERVER } from '../wire/nodes.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import type { Pairing } from './pairing.ts';
import type { SimulatedAccount } from './simulated-account.ts';

const SALT_BYTES = 32;
const IV_BYTES = 16;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const PATIENCE_MS = 1_000;
const LOOK_EVERY_MS = 20;

/** A companion that waits for its code to be typed into a phone, then for the phone's answer to arrive. */
interface Waiting {
  readonly pairing: Pairing;
  readonly phoneNumber: string;
  readonly ref: Buffer;
  /** Salt, IV and the companion's ephemeral key, under the code. */
  readonly wrapped: Buffer;
  primary: { readonly account: SimulatedAccount; readonly ephemeral: KeyPair; readonly companion: Buffer } | null;
}

/** Linking by phone number: `link_code_companion_reg`. `socket.js`, `messages-recv.js` */
export class PairingCodes {
  readonly #faults: Faults;
  readonly #waiting = new Map<Pairing, Waiting>();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Takes a query of a companion that is not paired. Throws `ProtocolError`. */
  async take(pairing: Pairing, iq: BinaryNode): Promise<void> {
    const request = childOf(iq, 'link_code_companion_reg');
    if (request === undefined)
      throw new ProtocolError('pairing', `an unpaired companion asks for ${iq.attrs['xmlns']}`);
    const stage = needAttr(request, 'stage');
    const answered = { from: SERVER, id: needAttr(iq, 'id'), type: 'result' };
    if (stage === 'companion_hello') {
      const how = this.#faults.take('codeAnswer', null)?.how;
      if (how === 'refused') {
        const error = node('error', { code: '429', text: 'rate-overlimit' });
        pairing.connection.send(node('iq', { ...answered, type: 'error' }, [error]));
        return;
      }
      const ref = this.#hello(pairing, request);
      const words = node('link_code_companion_reg', { stage }, [node('link_code_pairing_ref', {}, ref)]);
      if (how !== 'silent') pairing.connection.send(node('iq', answered, how === 'bare' ? undefined : [words]));
    } else if (stage === 'companion_finish') {
      const { account, advSecret } = this.#finish(pairing, request);
      pairing.connection.send(node('iq', answered));
      pairing.link(account, advSecret);
    } else throw new ProtocolError('pairing', `no stage is called ${stage}`);
  }

  #hello(pairing: Pairing, request: BinaryNode): Buffer {
    const phoneNumber = needAttr(request, 'jid').replace('@s.whatsapp.net', '');
    if (!/^\d{7,15}$/.test(phoneNumber))
      throw new ProtocolError('pairing', 'the number must be digits with country code');
    if (!needBytes(request, 'companion_server_auth_key_pub', KEY_BYTES).equals(pairing.noiseKey)) {
      throw new ProtocolError('pairing', 'the noise key is not that of the connection');
    }
    for (const tag of ['companion_platform_id', 'companion_platform_display', 'link_code_pairing_nonce']) {
      needChild(request, tag);
    }
    const wrapped = needBytes(
      request,
      'link_code_pairing_wrapped_companion_ephemeral_pub',
      SALT_BYTES + IV_BYTES + KEY_BYTES,
    );
    const ref = randomBytes(24);
    this.#waiting.set(pairing, { pairing, phoneNumber, ref, wrapped, primary: null });
    return ref;
  }

  /**
   * The code is not checked here: with a wrong one the keys of both sides differ, and the companion's answer does not
   * open.
   */
  async enter(account: SimulatedAccount, code: string): Promise<void> {
    const waiting = await this.#companionOf(account.phoneNumber);
    if (waiting === null) throw new ProtocolError('pairing', 'nobody waits for a code of this number');
    const normalized = code.replace('-', '').toUpperCase();
    const { wrapped, pairing, ref } = waiting;
    const unwrap = await derivePairingCodeKey(normalized, wrapped.subarray(0, SALT_BYTES));
    const companion = aesDecryptCTR(
      wrapped.subarray(SALT_BYTES + IV_BYTES),
      unwrap,
      wrapped.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES),
    );
    const ephemeral = Curve.generateKeyPair();
    waiting.primary = { account, ephemeral, companion };
    const salt = randomBytes(SALT_BYTES);
    const iv = randomBytes(IV_BYTES);
    const sealed = aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(normalized, salt), iv);
    pairing.connection.send(
      node('notification', { from: SERVER, type: 'link_code_companion_reg', id: randomBytes(5).toString('hex') }, [
        node('link_code_companion_reg', { stage: 'primary_hello' }, [
          node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, Buffer.concat([salt, iv, sealed])),
          node('primary_identity_pub', {}, Buffer.from(account.phone.identity.public)),
          node('link_code_pairing_ref', {}, ref),
        ]),
      ]),
    );
  }

  /** Its request may still be on its way: a client shows the code as soon as it has sent it. */
  async #companionOf(phoneNumber: string): Promise<Waiting | null> {
    const find = () => [...this.#waiting.values()].find((waiting) => waiting.phoneNumber === phoneNumber) ?? null;
    for (let left = PATIENCE_MS; find() === null && left > 0; left -= LOOK_EVERY_MS) await setTimeout(LOOK_EVERY_MS);
    return find();
  }

  #finish(pairing: Pairing, request: BinaryNode): { readonly account: SimulatedAccount; readonly advSecret: Buffer } {
    const waiting = this.#waiting.get(pairing);
    if (!waiting?.primary) throw new ProtocolError('pairing', 'nobody typed the code yet');
    const { ref, primary } = waiting;
    const { account, ephemeral, companion } = primary;
    const { identity } = pairing.registration.bundle;
    if (!needBytes(request, 'link_code_pairing_ref').equals(ref))
      throw new ProtocolError('pairing', 'another reference');
    if (!needBytes(request, 'companion_identity_public', KEY_BYTES).equals(identity)) {
      throw new ProtocolError('pairing', 'the identity key is not the registered one');
    }
    const shared = Curve.sharedKey(ephemeral.private, companion);
    const random = openBundle(needBytes(request, 'link_code_pairing_wrapped_key_bundle'), shared, [
      identity,
      Buffer.from(account.phone.identity.public),
    ]);
    const between = Curve.sharedKey(account.phone.identity.private, identity);
    const advSecret = hkdfSync(
      'sha256',
      Buffer.concat([shared, between, random]),
      Buffer.alloc(KEY_BYTES),
      'adv_secret',
      32,
    );
    this.#waiting.delete(pairing);
    return { account, advSecret: Buffer.from(advSecret) };
  }

  forget(pairing: Pairing): void {
    this.#waiting.delete(pairing);
  }
}

/** What the companion sealed for the phone: both identity keys, and 32 random bytes, which it gives. */
const openBundle = (wrapped: Buffer, shared: Buffer, identities: readonly Buffer[]): Buffer => {
  const salt = wrapped.subarray(0, SALT_BYTES);
  const key = Buffer.from(hkdfSync('sha256', shared, salt, 'link_code_pairing_key_bundle_encryption_key', 32));
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(SALT_BYTES, SALT_BYTES + 12));
  const sealed = wrapped.subarray(SALT_BYTES + 12);
  let bundle: Buffer;
  try {
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    bundle = Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw new ProtocolError('pairing', 'the key bundle does not open: another code was typed');
  }
  if (!bundle.subarray(0, 2 * KEY_BYTES).equals(Buffer.concat(identities))) {
    throw new ProtocolError('pairing', 'the key bundle names other identities');
  }
  return bundle.subarray(2 * KEY_BYTES);
};
