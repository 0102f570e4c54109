import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Connection } from '../wire/connection.ts';
import { childOf, node, SERVER } from '../wire/nodes.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import type { Registration } from './client-payload.ts';
import { type SignedIdentity, signIdentity, verifyCountersigned } from './device-identity.ts';
import type { QrCode } from './qr-code.ts';
import type { SimulatedAccount } from './simulated-account.ts';

/** How many QR codes a connection can show before the client gives up. */
const REFS = 6;

/** A connection that knows no account, until a phone links it to one. */
export class Pairing {
  readonly connection: Connection;
  readonly registration: Registration;
  readonly noiseKey: Buffer;
  readonly refs: readonly string[];
  readonly #now: () => number;
  #pending: { readonly account: SimulatedAccount; readonly identity: SignedIdentity; readonly iqId: string } | null =
    null;

  constructor(connection: Connection, registration: Registration, noiseKey: Buffer, now: () => number) {
    this.connection = connection;
    this.registration = registration;
    this.noiseKey = noiseKey;
    this.#now = now;
    this.refs = Array.from({ length: REFS }, () => `2@${randomBytes(96).toString('base64')}`);
  }

  /** Gives the client what to show. */
  begin(): void {
    const refs = this.refs.map((ref) => node('ref', {}, Buffer.from(ref)));
    this.connection.send(
      node('iq', { from: SERVER, type: 'set', id: randomBytes(5).toString('hex'), xmlns: 'md' }, [
        node('pair-device', {}, refs),
      ]),
    );
  }

  /** The phone of this account scanned a QR code of this connection. Throws `ProtocolError` if it is not its own. */
  scanned(account: SimulatedAccount, qr: QrCode): void {
    if (!qr.noiseKey.equals(this.noiseKey))
      throw new ProtocolError('qr', 'the noise key is not that of the connection');
    if (!qr.identity.equals(this.registration.bundle.identity)) {
      throw new ProtocolError('qr', 'the identity key is not the registered one');
    }
    this.link(account, qr.advSecret);
  }

  /** The phone vouches for the companion. */
  link(account: SimulatedAccount, advSecret: Buffer): void {
    if (this.#pending !== null) throw new ProtocolError('pairing', 'it is being paired already');
    const { identity: companion } = this.registration.bundle;
    const keyIndex = account.state.nextDeviceId;
    const identity = signIdentity(account.phone.identity, companion, advSecret, { keyIndex, at: this.#now() });
    const iqId = randomBytes(5).toString('hex');
    this.#pending = { account, identity, iqId };
    const { owner } = account.world;
    const device = account.state.nextDeviceId;
    this.connection.send(
      node('iq', { from: SERVER, type: 'set', id: iqId, xmlns: 'md', t: String(Math.floor(this.#now() / 1000)) }, [
        node('pair-success', {}, [
          node('device-identity', {}, Buffer.from(identity.hmacContainer)),
          node('device', { jid: owner.pn.replace('@', `:${device}@`), lid: owner.lid.replace('@', `:${device}@`) }),
          node('platform', { name: 'android' }),
        ]),
      ]),
    );
  }

  /** Takes an `<iq type="result">` of the client; the account when it completed the pairing. Throws `ProtocolError`. */
  answered(reply: BinaryNode): SimulatedAccount | null {
    if (this.#pending === null || reply.attrs['id'] !== this.#pending.iqId) return null;
    if (childOf(reply, 'pair-device-sign') === undefined) throw new ProtocolError('pairing', 'no <pair-device-sign>');
    const { account, identity } = this.#pending;
    verifyCountersigned(reply, identity, account.phone.identity.public, this.registration.bundle.identity);
    this.#pending = null;
    account.addDevice({
      ...this.registration,
      noiseKey: this.noiseKey.toString('base64'),
      preKeys: [],
      pairedAt: this.#now(),
      isRemoved: false,
      greeting: null,
      routingInfo: randomBytes(12),
      queue: [],
    });
    return account;
  }
}
