import { type BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Faults } from '../faults/faults.ts';
import type { Device } from '../server/device.ts';
import { stanzaId } from '../server/device-session.ts';
import type { SimulatedAccount } from '../server/simulated-account.ts';
import type { Sealed, SignalParty } from '../signal/signal-party.ts';
import { Lane } from '../wire/lane.ts';
import { node } from '../wire/nodes.ts';

/** How often a message is sent anew to a companion that could not read it. */
const MOST_RETRIES = 5;
/** Sent messages that can still be sent anew. */
const REMEMBERED = 2_000;

/** Something said to companions: by the phone, or by a contact. */
export interface Speech {
  readonly by: SignalParty;
  readonly id: string;
  readonly message: proto.IMessage;
  /** Of the stanza, besides `id`. */
  readonly attrs: Readonly<Record<string, string | undefined>>;
  /** The jid of the group in which it is said, with the sender key of its members. */
  readonly group: string | null;
}

/** The owner's phone, and everybody who writes to the owner: what companions hear, encrypted for each. */
export class Phone {
  readonly account: SimulatedAccount;
  readonly #now: () => number;
  readonly #faults: Faults;
  readonly #lane = new Lane();
  readonly #said = new Map<string, { readonly speech: Speech; retries: number }>();

  constructor(account: SimulatedAccount, now: () => number, faults: Faults) {
    this.account = account;
    this.#faults = faults;
    this.#now = now;
  }

  /** A message of the phone to the companion itself, which is in no chat. Gives its id. */
  async tell(device: Device, message: proto.IMessage): Promise<string> {
    const { phone: by, world } = this.account;
    const id = stanzaId();
    const t = String(Math.floor(this.#now() / 1000));
    const attrs = { from: world.owner.pn, t, type: 'text', category: 'peer', push_priority: 'high_force' };
    await this.say(device, { by, id, message, attrs, group: null });
    return id;
  }

  say(device: Device, speech: Speech): Promise<void> {
    this.#said.set(`${device.id} ${speech.id}`, { speech, retries: 0 });
    const oldest = this.#said.keys().next();
    if (this.#said.size > REMEMBERED && !oldest.done) this.#said.delete(oldest.value);
    return this.#lane.run(async () => device.deliver(await this.#stanza(device, speech, 0)));
  }

  /** The companion could not read it: begins a new session and says it again. */
  async again(device: Device, id: string): Promise<void> {
    const said = this.#said.get(`${device.id} ${id}`);
    if (said === undefined || said.retries >= MOST_RETRIES) return;
    said.retries += 1;
    const { speech, retries } = said;
    await this.#lane.run(async () => {
      await speech.by.beginSession(device.jid, device.takeBundle());
      if (speech.group !== null) speech.by.forgetKeyHolder(speech.group, device.jid);
      device.deliver(await this.#stanza(device, speech, retries));
    });
  }

  /** Reads what a companion sent to the phone. Throws when it does not decrypt. */
  read(device: Device, type: 'pkmsg' | 'msg', bytes: Buffer): Promise<proto.Message> {
    return this.#lane.run(() => this.account.phone.decrypt(device.jid, type, bytes));
  }

  idle(): Promise<void> {
    return this.#lane.idle();
  }

  async #stanza(device: Device, { by, id, message, group, ...speech }: Speech, retries: number): Promise<BinaryNode> {
    const attrs = this.#attrs(speech);
    if (attrs['category'] === 'peer' && this.#faults.take('plaintext', this.account) !== null) {
      const open = Buffer.from(proto.Message.encode(message).finish());
      return node('message', { id, ...attrs }, [node('plaintext', {}, open)]);
    }
    if (!(await by.hasSessionWith(device.jid))) await by.beginSession(device.jid, device.takeBundle());
    const isGarbled = attrs['category'] === 'peer' && this.#faults.take('garbled', this.account) !== null;
    const enc = ({ type, bytes }: Sealed): BinaryNode =>
      node(
        'enc',
        { v: '2', type, count: retries > 0 ? String(retries) : undefined },
        isGarbled ? bytes.fill(0) : bytes,
      );
    if (group === null) return node('message', { id, ...attrs }, [enc(await by.encrypt(device.jid, message))]);
    const { sealed, keyMessage } = await by.encryptForGroup(group, device.jid, message);
    const key = keyMessage === null ? [] : [enc(await by.encrypt(device.jid, keyMessage))];
    return node('message', { id, ...attrs }, [...key, enc(sealed)]);
  }

  #attrs({ attrs }: Pick<Speech, 'attrs'>): Speech['attrs'] {
    const isCopy = attrs['recipient']?.endsWith('@lid') === true;
    if (!isCopy || this.#faults.take('ownSender', this.account) === null) return attrs;
    return { ...attrs, sender_pn: this.account.world.owner.pn };
  }
}
