import type { BinaryNode } from '@whiskeysockets/baileys';
import type { WebSocket } from 'ws';
import type { Faults } from '../faults/faults.ts';
import type { ServerIdentity } from '../wire/certificates.ts';
import { Connection, type ConnectionEvents } from '../wire/connection.ts';
import { needAttr, node, SERVER } from '../wire/nodes.ts';
import type { ClientFinish } from '../wire/noise-responder.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { type Claim, readClientPayload } from './client-payload.ts';
import { DeviceSession, type SessionHost } from './device-session.ts';
import { failure, STREAM_ERRORS, type StreamEnd } from './front-door.ts';
import { Pairing } from './pairing.ts';
import { PairingCodes } from './pairing-codes.ts';
import { readQrCode } from './qr-code.ts';
import type { SimulatedAccount } from './simulated-account.ts';
import type { TrafficLog } from './traffic-log.ts';

export interface ServerParts {
  readonly identity: ServerIdentity;
  readonly accounts: readonly SimulatedAccount[];
  readonly log: TrafficLog;
  readonly faults: Faults;
  readonly now: () => number;
  readonly host: Omit<SessionHost, 'log' | 'now' | 'faults'>;
}

/** WhatsApp's servers: who may come in, who is paired, and whose session it is. */
export class Server implements ConnectionEvents {
  readonly #parts: ServerParts;
  readonly #host: SessionHost;
  readonly #connections = new Set<Connection>();
  readonly #pairings = new Map<Connection, Pairing>();
  readonly #sessions = new Map<Connection, DeviceSession>();
  readonly #codes: PairingCodes;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#host = { ...parts.host, log: parts.log, now: parts.now, faults: parts.faults };
    this.#codes = new PairingCodes(parts.faults);
  }

  get sessions(): readonly DeviceSession[] {
    return [...this.#sessions.values()];
  }

  accept(socket: WebSocket): void {
    this.#connections.add(new Connection(socket, this.#parts.identity, this));
  }

  /** The owner holds the phone's camera before a QR code. Throws `ProtocolError` when the phone would refuse it. */
  scan(account: SimulatedAccount, text: string): void {
    const qr = readQrCode(text);
    const pairing = [...this.#pairings.values()].find(({ refs }) => refs.includes(qr.ref));
    if (pairing === undefined) throw new ProtocolError('qr', 'nobody shows this QR code any more');
    pairing.scanned(account, qr);
  }

  /** The owner types a pairing code into the phone. Throws `ProtocolError` when nobody waits for one. */
  async enterCode(account: SimulatedAccount, code: string): Promise<void> {
    await this.#codes.enter(account, code);
  }

  /** Ends the sessions of an account in the server's words. */
  end(account: SimulatedAccount, reason: StreamEnd): void {
    for (const session of this.sessionsOf(account)) session.connection.end(STREAM_ERRORS[reason]);
  }

  drop(account?: SimulatedAccount): void {
    const doomed =
      account === undefined ? this.#connections : this.sessionsOf(account).map(({ connection }) => connection);
    for (const connection of doomed) connection.drop();
  }

  sessionsOf(account: SimulatedAccount): readonly DeviceSession[] {
    return this.sessions.filter((session) => session.account === account);
  }

  passes(moment: 'upgrade' | 'hello' | 'finish', connection: Connection): boolean {
    const fault = this.#parts.faults.take('close', null, (at) => at === moment);
    if (fault === null) return true;
    connection.drop();
    return false;
  }

  async finished(connection: Connection, { noiseKey, payload }: ClientFinish): Promise<void> {
    const claim = readClientPayload(payload);
    if (claim.kind === 'login') {
      this.#login(connection, claim, noiseKey);
      return;
    }
    const pairing = new Pairing(connection, claim.registration, noiseKey, this.#parts.now);
    this.#pairings.set(connection, pairing);
    pairing.begin();
  }

  #login(connection: Connection, claim: Extract<Claim, { kind: 'login' }>, noiseKey: Buffer): void {
    const { faults } = this.#parts;
    const account = this.#parts.accounts.find(({ phoneNumber }) => phoneNumber === claim.phoneNumber) ?? null;
    const device = account?.linked.find(({ id }) => id === claim.deviceId);
    const isKnown = device?.state.noiseKey === noiseKey.toString('base64');
    const planted = faults.take('refuseLogin', account)?.reason;
    const refusal = planted ?? (isKnown ? (account?.state.isBanned === true ? 403 : null) : 401);
    if (refusal !== null || account === null || device === undefined) {
      connection.end(failure(refusal ?? 401));
      return;
    }
    if (connection.routingInfo !== null && !connection.routingInfo.equals(device.state.routingInfo)) {
      throw new ProtocolError('introduction', 'routing information that the server never gave');
    }
    for (const other of this.sessionsOf(account)) {
      if (other.device === device) other.connection.end(STREAM_ERRORS.replaced);
    }
    const session = new DeviceSession(account, device, connection, this.#host);
    this.#sessions.set(connection, session);
    device.line = null;
    if (faults.take('close', account, (at) => at === 'success') !== null) connection.drop();
    else if (faults.take('noSuccess', account) === null) session.welcome();
  }

  async node(connection: Connection, stanza: BinaryNode): Promise<void> {
    const session = this.#sessions.get(connection);
    if (session !== undefined) {
      if (this.#parts.faults.take('hang', session.account) !== null) connection.mute();
      return connection.isMuted ? undefined : session.take(stanza);
    }
    const pairing = this.#pairings.get(connection);
    if (pairing === undefined || stanza.tag !== 'iq') return;
    if (stanza.attrs['type'] === 'result') {
      this.#paired(connection, pairing.answered(stanza));
    } else if (isPing(stanza)) {
      connection.send(node('iq', { from: SERVER, id: needAttr(stanza, 'id'), type: 'result' }));
    } else await this.#codes.take(pairing, stanza);
  }

  /** Linked: the client shall come again, as the device that it now is. */
  #paired(connection: Connection, account: SimulatedAccount | null): void {
    if (account === null) return;
    this.#pairings.delete(connection);
    const isCut = this.#parts.faults.take('close', account, (at) => at === 'paired') !== null;
    if (isCut) connection.drop();
    else connection.end(STREAM_ERRORS.restart);
  }

  broke(connection: Connection, { part, message }: ProtocolError): void {
    const account = this.#sessions.get(connection)?.account.phoneNumber ?? null;
    this.#parts.log.violate({ at: this.#parts.now(), account, part, message });
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    const pairing = this.#pairings.get(connection);
    if (pairing !== undefined) this.#codes.forget(pairing);
    this.#pairings.delete(connection);
    const session = this.#sessions.get(connection);
    this.#sessions.delete(connection);
    if (session !== undefined && session.device.line === session) session.device.line = null;
  }
}

/** Baileys keeps a connection alive from its handshake on, paired or not. `socket.js` */
const isPing = ({ attrs }: BinaryNode): boolean => attrs['type'] === 'get' && attrs['xmlns'] === 'w:p';
