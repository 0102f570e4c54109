import { newParty, SignalParty } from '../signal/signal-party.ts';
import type { AccountState, DeviceState } from '../state/simulator-state.ts';
import type { Account } from '../world/account.ts';
import type { Person } from '../world/person.ts';
import { Device } from './device.ts';

/** An account with its phone, its linked devices and the Signal side of everybody it talks to. */
export class SimulatedAccount {
  readonly world: Account;
  readonly state: AccountState;
  readonly phone: SignalParty;
  readonly devices: Device[];
  readonly #contacts = new Map<string, SignalParty>();
  readonly #changed: () => void;

  constructor(world: Account, state: AccountState, changed: () => void) {
    this.world = world;
    this.state = state;
    this.#changed = changed;
    this.phone = new SignalParty(world.owner.pn, state.phone, changed);
    this.devices = state.devices.map((device) => new Device(world.owner, device, changed));
  }

  get phoneNumber(): string {
    return this.world.phoneNumber;
  }

  /** Linked, and not removed. */
  get linked(): readonly Device[] {
    return this.devices.filter(({ state }) => !state.isRemoved);
  }

  addDevice(device: Omit<DeviceState, 'id'>): Device {
    const added = new Device(this.world.owner, { ...device, id: this.state.nextDeviceId++ }, this.#changed);
    this.state.devices.push(added.state);
    this.devices.push(added);
    this.#changed();
    return added;
  }

  removeDevice(device: Device): void {
    device.state.isRemoved = true;
    device.state.queue.length = 0;
    this.#changed();
  }

  contact(person: Person): SignalParty {
    const known = this.#contacts.get(person.phoneNumber);
    if (known !== undefined) return known;
    this.state.contacts[person.phoneNumber] ??= newParty();
    const party = new SignalParty(person.lid, this.state.contacts[person.phoneNumber] ?? newParty(), this.#changed);
    this.#contacts.set(person.phoneNumber, party);
    return party;
  }

  readonly changed = (): void => this.#changed();

  close(): void {
    this.phone.close();
    for (const contact of this.#contacts.values()) contact.close();
  }
}
