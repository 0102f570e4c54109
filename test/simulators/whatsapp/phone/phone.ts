import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Device } from '../server/device.ts';
import { stanzaId } from '../server/device-session.ts';
import type { SimulatedAccount } from '../server/simulated-account.ts';
import { Lane } from '../wire/lane.ts';
import { node } from '../wire/nodes.ts';

/** How often a phone sends a message anew to a companion that could not read it. */
const MOST_RETRIES = 5;
/** Sent messages that can still be sent anew. */
const REMEMBERED = 2_000;

interface Sent {
  readonly message: proto.IMessage;
  readonly attrs: Readonly<Record<string, string>>;
  retries: number;
}

/** The owner's phone as companions know it: what it tells them, encrypted for each. */
export class Phone {
  readonly account: SimulatedAccount;
  readonly #now: () => number;
  readonly #lane = new Lane();
  readonly #sent = new Map<string, Sent>();

  constructor(account: SimulatedAccount, now: () => number) {
    this.account = account;
    this.#now = now;
  }

  /** A message to the companion itself, which is in no chat. Gives its id. */
  async tell(device: Device, message: proto.IMessage): Promise<string> {
    const id = stanzaId();
    await this.send(device, id, message, { category: 'peer', push_priority: 'high_force' });
    return id;
  }

  /** What was written on the phone, or what only companions hear. Never fails for a device that is gone. */
  send(
    device: Device,
    id: string,
    message: proto.IMessage,
    attrs: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    this.#remember(`${device.id} ${id}`, { message, attrs, retries: 0 });
    return this.#lane.run(async () => device.deliver(await this.#seal(device, id, message, attrs)));
  }

  /** The companion could not read it: begins a new session and sends it again. */
  async again(device: Device, id: string): Promise<void> {
    const sent = this.#sent.get(`${device.id} ${id}`);
    if (sent === undefined || sent.retries >= MOST_RETRIES) return;
    sent.retries += 1;
    await this.#lane.run(async () => {
      await this.account.phone.beginSession(device.jid, device.takeBundle());
      device.deliver(await this.#seal(device, id, sent.message, sent.attrs));
    });
  }

  /** Reads what a companion sent. Throws when it does not decrypt. */
  read(device: Device, type: 'pkmsg' | 'msg', bytes: Buffer): Promise<proto.Message> {
    return this.#lane.run(() => this.account.phone.decrypt(device.jid, type, bytes));
  }

  idle(): Promise<void> {
    return this.#lane.idle();
  }

  async #seal(
    device: Device,
    id: string,
    message: proto.IMessage,
    attrs: Readonly<Record<string, string>>,
  ): Promise<BinaryNode> {
    const { phone, world } = this.account;
    if (!(await phone.hasSessionWith(device.jid))) await phone.beginSession(device.jid, device.takeBundle());
    const { type, bytes } = await phone.encrypt(device.jid, message);
    const t = String(Math.floor(this.#now() / 1000));
    return node('message', { from: world.owner.pn, id, t, type: 'text', ...attrs }, [
      node('enc', { v: '2', type }, bytes),
    ]);
  }

  #remember(key: string, sent: Sent): void {
    this.#sent.set(key, sent);
    const oldest = this.#sent.keys().next();
    if (this.#sent.size > REMEMBERED && !oldest.done) this.#sent.delete(oldest.value);
  }
}
