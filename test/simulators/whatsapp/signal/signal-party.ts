import {
  type AuthenticationCreds,
  addTransactionCapability,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  encodeWAMessage,
  generateSignalPubKey,
  initAuthCreds,
  type KeyPair,
  proto,
  type SignalRepositoryWithLIDStore,
  unpadRandomMax16,
} from '@whiskeysockets/baileys';
import { KeyStore } from './key-store.ts';
import { silentLogger } from './silent-logger.ts';

/** What a party leaves on the server for others to begin a session with. Public keys of 32 bytes. */
export interface KeyBundle {
  readonly registrationId: number;
  readonly identity: Buffer;
  readonly signedPreKey: { readonly id: number; readonly value: Buffer; readonly signature: Buffer };
  readonly preKey: { readonly id: number; readonly value: Buffer } | null;
}

export interface Sealed {
  readonly type: 'pkmsg' | 'msg' | 'skmsg';
  readonly bytes: Buffer;
}

/** What is kept of a party between two lives of the simulator: JSON by `BufferJSON`. */
export interface PartyState {
  readonly creds: AuthenticationCreds;
  readonly keys: Record<string, Record<string, string>>;
  /** Devices that hold the sender key of a group: `group device`. */
  readonly keyed: string[];
}

export const newParty = (): PartyState => ({ creds: initAuthCreds(), keys: {}, keyed: [] });

/**
 * Somebody with Signal sessions: the owner's phone, or a contact's. Speaks Signal with the library that clients use.
 */
export class SignalParty {
  readonly jid: string;
  readonly #state: PartyState;
  readonly #store: KeyStore;
  readonly #repository: SignalRepositoryWithLIDStore;
  readonly #changed: () => void;

  constructor(jid: string, state: PartyState, changed: () => void) {
    this.jid = jid;
    this.#state = state;
    this.#changed = changed;
    this.#store = new KeyStore(state.keys, changed);
    const keys = addTransactionCapability(this.#store, silentLogger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 });
    this.#repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds: state.creds, keys }, silentLogger);
  }

  get identity(): KeyPair {
    return this.#state.creds.signedIdentityKey;
  }

  /** With a fresh one-time key each time. */
  async bundle(): Promise<KeyBundle> {
    const { creds } = this.#state;
    const preKeyId = creds.nextPreKeyId++;
    const preKey = Curve.generateKeyPair();
    await this.#store.set({ 'pre-key': { [preKeyId]: preKey } });
    return {
      registrationId: creds.registrationId,
      identity: Buffer.from(creds.signedIdentityKey.public),
      signedPreKey: {
        id: creds.signedPreKey.keyId,
        value: Buffer.from(creds.signedPreKey.keyPair.public),
        signature: Buffer.from(creds.signedPreKey.signature),
      },
      preKey: { id: preKeyId, value: Buffer.from(preKey.public) },
    };
  }

  async hasSessionWith(jid: string): Promise<boolean> {
    return (await this.#repository.validateSession(jid)).exists;
  }

  async beginSession(jid: string, { registrationId, identity, signedPreKey, preKey }: KeyBundle): Promise<void> {
    await this.#repository.injectE2ESession({
      jid,
      session: {
        registrationId,
        identityKey: generateSignalPubKey(identity),
        signedPreKey: {
          keyId: signedPreKey.id,
          publicKey: generateSignalPubKey(signedPreKey.value),
          signature: signedPreKey.signature,
        },
        // libsignal takes a bundle without a one-time key; its type does not say so.
        ...(preKey === null ? {} : { preKey: { keyId: preKey.id, publicKey: generateSignalPubKey(preKey.value) } }),
      } as Parameters<SignalRepositoryWithLIDStore['injectE2ESession']>[0]['session'],
    });
  }

  async encrypt(jid: string, message: proto.IMessage): Promise<Sealed> {
    const { type, ciphertext } = await this.#repository.encryptMessage({ jid, data: encodeWAMessage(message) });
    return { type, bytes: Buffer.from(ciphertext) };
  }

  /** Throws when it is not for us, was read before, or is no message. */
  async decrypt(jid: string, type: 'pkmsg' | 'msg', ciphertext: Buffer): Promise<proto.Message> {
    const plaintext = await this.#repository.decryptMessage({ jid, type, ciphertext });
    return proto.Message.decode(unpadRandomMax16(plaintext));
  }

  /** With the sender key of this party, and, for a device that does not hold it yet, the message that brings it. */
  async encryptForGroup(
    group: string,
    device: string,
    message: proto.IMessage,
  ): Promise<{ readonly sealed: Sealed; readonly keyMessage: proto.IMessage | null }> {
    const { ciphertext, senderKeyDistributionMessage } = await this.#repository.encryptGroupMessage({
      group,
      meId: this.jid,
      data: encodeWAMessage(message),
    });
    const holder = `${group} ${device}`;
    const isNew = !this.#state.keyed.includes(holder);
    if (isNew) this.#state.keyed.push(holder);
    this.#changed();
    return {
      sealed: { type: 'skmsg', bytes: Buffer.from(ciphertext) },
      keyMessage: isNew
        ? {
            senderKeyDistributionMessage: {
              groupId: group,
              axolotlSenderKeyDistributionMessage: senderKeyDistributionMessage,
            },
          }
        : null,
    };
  }

  /** Gives the sender key of a group to this device anew with the next message. */
  forgetKeyHolder(group: string, device: string): void {
    const at = this.#state.keyed.indexOf(`${group} ${device}`);
    if (at >= 0) this.#state.keyed.splice(at, 1);
    this.#changed();
  }

  close(): void {
    this.#repository.close?.();
  }
}
