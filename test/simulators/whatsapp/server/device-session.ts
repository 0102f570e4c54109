import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Faults } from '../faults/faults.ts';
import type { Connection } from '../wire/connection.ts';
import { childrenOf, needAttr, node, SERVER, textOfNode } from '../wire/nodes.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import type { Device, Line } from './device.ts';
import type { Asker, IqTable } from './iq/iq.ts';
import type { SimulatedAccount } from './simulated-account.ts';
import type { TrafficLog } from './traffic-log.ts';

/** What a session asks of the simulator around it. */
export interface SessionHost {
  readonly now: () => number;
  readonly log: TrafficLog;
  readonly faults: Faults;
  readonly iqs: IqTable;
  /** The device listens, and has what waited for it. */
  readonly active: (session: DeviceSession) => void;
  readonly message: (session: DeviceSession, stanza: BinaryNode) => Promise<void>;
  readonly receipt: (session: DeviceSession, stanza: BinaryNode) => Promise<void>;
}

const SILENT_TAGS: ReadonlySet<string> = new Set(['ack', 'receipt', 'ib', 'presence', 'chatstate']);

/** A device that is logged in. */
export class DeviceSession implements Asker, Line {
  readonly account: SimulatedAccount;
  readonly device: Device;
  readonly connection: Connection;
  readonly #host: SessionHost;
  #isActive = false;

  constructor(account: SimulatedAccount, device: Device, connection: Connection, host: SessionHost) {
    this.account = account;
    this.device = device;
    this.connection = connection;
    this.#host = host;
  }

  welcome(): void {
    const t = String(Math.floor(this.#host.now() / 1000));
    this.connection.send(
      node('success', {
        t,
        lid: this.device.lid,
        display_name: this.account.world.owner.name,
        location: 'sim',
        abprops: '1',
      }),
    );
    this.connection.send(
      node('ib', { from: SERVER }, [
        node('edge_routing', {}, [node('routing_info', {}, this.device.state.routingInfo)]),
      ]),
    );
  }

  carry(stanza: BinaryNode): void {
    this.connection.send(stanza);
    if (stanza.tag === 'message') this.#host.log.seen('delivery');
  }

  /** Throws `ProtocolError`. */
  async take(stanza: BinaryNode): Promise<void> {
    this.#log(stanza);
    switch (stanza.tag) {
      case 'iq':
        await this.#answer(stanza);
        break;
      case 'ack':
        this.device.acknowledge(needAttr(stanza, 'class'), needAttr(stanza, 'id'));
        break;
      case 'receipt':
        await this.#receipt(stanza);
        break;
      case 'message':
        await this.#host.message(this, stanza);
        break;
      case 'ib':
        if (childrenOf(stanza, 'offline_batch').length > 0) this.#deliverWaiting();
        break;
      default:
        if (!SILENT_TAGS.has(stanza.tag)) throw new ProtocolError('stanza', `unknown: ${textOfNode(stanza)}`);
    }
  }

  #log(stanza: BinaryNode): void {
    this.#host.log.stanza({
      at: this.#host.now(),
      account: this.account.phoneNumber,
      deviceId: this.device.id,
      tag: stanza.tag,
      attrs: stanza.attrs,
      child: childrenOf(stanza)[0]?.tag ?? null,
    });
  }

  async #answer(iq: BinaryNode): Promise<void> {
    const id = needAttr(iq, 'id');
    const { type = '', xmlns = '', to } = iq.attrs;
    if (type === 'result' || type === 'error') return;
    const child = childrenOf(iq)[0]?.tag ?? '';
    const reply = { from: to ?? SERVER, id };
    const name = `${type} ${xmlns} ${child}`;
    const fault = this.#host.faults.take('query', this.account, (on) => on === name);
    if (fault?.how === 'empty') this.connection.send(node('iq', { ...reply, type: 'result' }));
    if (fault !== null) return;
    if (type === 'set' && xmlns === 'passive') {
      this.connection.send(node('iq', { ...reply, type: 'result' }));
      if (child === 'active') this.#activate();
      return;
    }
    const handler = this.#host.iqs[name];
    if (handler === undefined) {
      this.#violate('iq', `unknown query: ${textOfNode(iq)}`);
      this.connection.send(
        node('iq', { ...reply, type: 'error' }, [node('error', { code: '501', text: 'feature-not-implemented' })]),
      );
      return;
    }
    const answer = await this.#handled(() => handler(iq, this));
    if (answer === null) return;
    if ('error' in answer) {
      const { code, text } = answer.error;
      this.connection.send(node('iq', { ...reply, type: 'error' }, [node('error', { code: String(code), text })]));
    } else this.connection.send(node('iq', { ...reply, type: 'result' }, answer.content));
  }

  /** A query that breaks the protocol gets an error, as the server gives it, and an entry in the log. */
  async #handled<A>(
    handle: () => A | Promise<A>,
  ): Promise<A | { readonly error: { readonly code: number; readonly text: string } }> {
    try {
      return await handle();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#violate(error.part, error.message);
      return { error: { code: 400, text: 'bad-request' } };
    }
  }

  #violate(part: string, message: string): void {
    this.#host.log.violate({ at: this.#host.now(), account: this.account.phoneNumber, part, message });
  }

  async #receipt(receipt: BinaryNode): Promise<void> {
    const id = needAttr(receipt, 'id');
    const { to, participant, type } = receipt.attrs;
    const list = childrenOf(receipt, 'list').flatMap((items) => childrenOf(items, 'item'));
    for (const each of [id, ...list.map((item) => needAttr(item, 'id'))]) {
      this.device.acknowledge('message', each);
      this.#host.log.receipt({
        at: this.#host.now(),
        account: this.account.phoneNumber,
        deviceId: this.device.id,
        id: each,
        type: type ?? null,
        to: to ?? '',
      });
    }
    this.connection.send(node('ack', { class: 'receipt', id, from: to, participant, type }));
    await this.#host.receipt(this, receipt);
  }

  /** The client is ready: first it gets what waited, then it hears what happens. */
  #activate(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    const count = this.device.waiting.length;
    if (count === 0) {
      this.#listen(0);
      return;
    }
    const of = (tag: string): string => String(this.device.waiting.filter((stanza) => stanza.tag === tag).length);
    this.connection.send(
      node('ib', { from: SERVER }, [
        node('offline_preview', {
          count: String(count),
          message: of('message'),
          notification: of('notification'),
          receipt: of('receipt'),
          appdata: '0',
          t: String(Math.floor(this.#host.now() / 1000)),
        }),
      ]),
    );
  }

  #deliverWaiting(): void {
    if (!this.#isActive || this.device.line === this) return;
    const waiting = [...this.device.waiting];
    for (const [at, stanza] of waiting.entries()) {
      this.carry({ ...stanza, attrs: { ...stanza.attrs, offline: String(at) } });
    }
    this.#listen(waiting.length);
  }

  #listen(count: number): void {
    this.connection.send(node('ib', { from: SERVER }, [node('offline', { count: String(count) })]));
    this.device.line = this;
    this.#host.active(this);
  }
}

export const stanzaId = (): string => randomBytes(8).toString('hex').toUpperCase();
