import { randomUUID } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { KeyBundle } from '../signal/signal-party.ts';
import type { DeviceState } from '../state/simulator-state.ts';
import { node, SERVER } from '../wire/nodes.ts';
import type { Person } from '../world/person.ts';

/** Where stanzas for a device go while it is logged in and has taken what waited for it. */
export interface Line {
  readonly carry: (stanza: BinaryNode) => void;
}

/** At so many one-time keys the server asks for more. */
const FEW_KEYS = 4;

const fewKeys = (count: number): BinaryNode =>
  node('notification', { from: SERVER, type: 'encrypt', id: `keys-${randomUUID()}` }, [
    node('count', { value: String(count) }),
  ]);

/** A linked device on the server: its keys, and what waits for it until it acknowledges. */
export class Device {
  readonly owner: Person;
  readonly state: DeviceState;
  /** Null: offline, or still taking what waited. */
  line: Line | null = null;
  readonly #changed: () => void;

  constructor(owner: Person, state: DeviceState, changed: () => void) {
    this.owner = owner;
    this.state = state;
    this.#changed = changed;
  }

  get id(): number {
    return this.state.id;
  }

  /** `number:device@s.whatsapp.net` */
  get jid(): string {
    return this.owner.pn.replace('@', `:${this.id}@`);
  }

  get lid(): string {
    return this.owner.lid.replace('@', `:${this.id}@`);
  }

  get waiting(): readonly BinaryNode[] {
    return this.state.queue;
  }

  /** Kept until acknowledged; delivered at once to a device that listens. */
  deliver(stanza: BinaryNode): void {
    if (this.state.isRemoved) return;
    this.state.queue.push(stanza);
    this.#changed();
    this.line?.carry(stanza);
  }

  /** True if it was waiting. */
  acknowledge(tag: string, id: string): boolean {
    const at = this.state.queue.findIndex((stanza) => stanza.tag === tag && stanza.attrs['id'] === id);
    if (at < 0) return false;
    this.state.queue.splice(at, 1);
    this.#changed();
    return true;
  }

  /** What another party needs for a session; a one-time key is given away once. */
  takeBundle(): KeyBundle {
    const { preKeys } = this.state;
    const preKey = preKeys.shift() ?? null;
    this.#changed();
    if (preKeys.length === FEW_KEYS) this.deliver(fewKeys(preKeys.length));
    return { ...this.state.bundle, preKey };
  }
}
