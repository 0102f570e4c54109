import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Moment } from './faults/fault.ts';
import type { Faults } from './faults/faults.ts';
import type { MediaHost } from './media/media-host.ts';
import { saveContact, writeAddressBook } from './phone/app-state.ts';
import { greet } from './phone/greeting.ts';
import { OnDemandDesk, type OnDemandOptions } from './phone/on-demand.ts';
import { Phone } from './phone/phone.ts';
import type { PushOptions } from './phone/push-plan.ts';
import { tellOf } from './phone/tell-of.ts';
import type { Device } from './server/device.ts';
import type { DeviceSession } from './server/device-session.ts';
import { takeMessage } from './server/peer-messages.ts';
import type { SimulatedAccount } from './server/simulated-account.ts';
import type { TrafficLog } from './server/traffic-log.ts';
import { ProtocolError } from './wire/protocol-error.ts';
import { applyEdit } from './world/apply-edit.ts';
import type { WorldEdit } from './world/world-edit.ts';

export interface HouseholdParts {
  readonly media: MediaHost;
  readonly log: TrafficLog;
  readonly faults: Faults;
  readonly now: () => number;
  readonly push: PushOptions;
  readonly onDemand: OnDemandOptions;
  /** Cuts the lines of the account. */
  readonly drop: (account: SimulatedAccount) => void;
}

/** An account at work: its phone and its contacts, answering companions and telling them what happens. */
export class Household {
  readonly account: SimulatedAccount;
  readonly phone: Phone;
  readonly #parts: HouseholdParts;
  readonly #desk: OnDemandDesk;
  readonly #ending = new AbortController();
  readonly #greetings = new Map<Device, Promise<void>>();

  constructor(account: SimulatedAccount, parts: HouseholdParts) {
    this.account = account;
    this.#parts = parts;
    const { media, log, faults, now, onDemand } = parts;
    this.phone = new Phone(account, now, faults);
    this.#desk = new OnDemandDesk({ phone: this.phone, media, log, faults, now, options: onDemand });
  }

  /** Brings the world to where it was when the simulator ended. */
  async restore(): Promise<void> {
    const { world, state } = this.account;
    for (const edit of state.journal) applyEdit(world, edit);
    await writeAddressBook(world, state.appState);
    this.account.changed();
    // Greetings that were under way go on, as a real phone would after its own restart.
    for (const device of this.account.linked) {
      if (device.state.greeting?.isDone === false) this.#greet(device);
    }
  }

  /** Something happens; companions hear of it unless it is silent. */
  async edit(edit: WorldEdit): Promise<string | null> {
    const applied = applyEdit(this.account.world, { ...edit, at: edit.at ?? this.#parts.now() });
    this.account.state.journal.push(applied.edit);
    this.account.changed();
    const notice = await this.#addressBook(applied.edit);
    if (edit.silent !== true) {
      for (const device of this.account.linked) {
        if (notice !== null) device.deliver(notice);
        await tellOf(this.phone, device, applied);
      }
    }
    return applied.id;
  }

  async #addressBook(edit: WorldEdit): Promise<BinaryNode | null> {
    if (edit.edit !== 'saveContact') return null;
    const { world, state } = this.account;
    const notice = await saveContact(state.appState, world.person(edit.person), this.#parts.now());
    this.account.changed();
    return notice;
  }

  /** A companion listens: if it is new, the phone greets it. */
  active({ device }: DeviceSession): void {
    const isOngoing = this.#greetings.has(device);
    if (!isOngoing && device.state.greeting?.isDone !== true) this.#greet(device);
  }

  async message(session: DeviceSession, stanza: BinaryNode): Promise<void> {
    const { now, log, faults } = this.#parts;
    this.#breakAt('afterRequest');
    try {
      await takeMessage(session, stanza, { phone: this.phone, desk: this.#desk, faults, now });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      log.violate({ at: now(), account: this.account.phoneNumber, part: error.part, message: error.message });
    }
  }

  async receipt({ device }: DeviceSession, receipt: BinaryNode): Promise<void> {
    const { id, type } = receipt.attrs;
    if (type === 'retry' && id !== undefined) await this.phone.again(device, id);
  }

  /** Lets go of answers that a `lateAnswer` fault holds. */
  releaseAnswers(): Promise<void> {
    return this.#desk.release();
  }

  async idle(): Promise<void> {
    await Promise.all(this.#greetings.values());
    await this.phone.idle();
  }

  #greet(device: Device): void {
    const { media, faults, push: options, now } = this.#parts;
    const greeting = greet(device, {
      phone: this.phone,
      media,
      options,
      now,
      beforeHistory: () => this.#breakAt('midHistory'),
      isTwice: () => faults.take('twice', this.account) !== null,
      signal: this.#ending.signal,
    });
    this.#greetings.set(device, greeting);
    void greeting.finally(() => this.#greetings.delete(device));
  }

  #breakAt(moment: Moment): void {
    const { faults, drop } = this.#parts;
    if (faults.take('close', this.account, (at) => at === moment) !== null) drop(this.account);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#desk.close();
    await this.idle();
  }
}
