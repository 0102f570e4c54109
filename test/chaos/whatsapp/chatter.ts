import { Chance } from '../../simulators/discord/chance.ts';
import type { WhatsAppSimulator } from '../../simulators/whatsapp/whatsapp-simulator.ts';
import type { WorldEdit } from '../../simulators/whatsapp/world/world-edit.ts';

interface Written {
  readonly chat: string;
  readonly messageId: string;
}

/** Without `from`, the owner on the phone. */
interface Place {
  readonly chat: string;
  readonly from?: string;
}

const PLACES: readonly [Place, ...Place[]] = [
  { chat: 'Ada', from: 'Ada' },
  { chat: 'Ada' },
  { chat: 'Ben', from: 'Ben' },
  { chat: 'Cleo', from: 'Cleo' },
  { chat: 'Dora', from: 'Dora' },
  { chat: 'Sailing', from: 'Ada' },
  { chat: 'Sailing' },
  { chat: 'Old school', from: 'Ben' },
];

/**
 * Where nobody writes before the end. `Emil`: the phone pushes nothing of it, so that there is no anchor until then.
 */
const QUIET_PLACES: readonly Place[] = [
  { chat: 'Emil', from: 'Emil' },
  { chat: 'Friend 1', from: 'Friend 1' },
  { chat: 'Friend 2', from: 'Friend 2' },
  { chat: 'Friend 3', from: 'Friend 3' },
  { chat: 'Friend 4', from: 'Friend 4' },
  { chat: 'Garden', from: 'Ada' },
];

/** How often an occasion meets somebody who writes. */
const SHARE = 0.25;

/**
 * People who go on writing, reacting, editing and deleting, whether the service lives or not. Follows from its seed.
 */
export class Chatter {
  readonly #whatsapp: WhatsAppSimulator;
  readonly #chance: Chance;
  readonly #written: Written[] = [];
  #lane: Promise<unknown> = Promise.resolve();
  #isRevealed = false;
  #changes = 0;

  constructor(whatsapp: WhatsAppSimulator, seed: number) {
    this.#whatsapp = whatsapp;
    this.#chance = new Chance(seed ^ 0x5eed);
  }

  get changes(): number {
    return this.#changes;
  }

  sometimes(): void {
    if (this.#chance.next() < SHARE) this.something();
  }

  something(): void {
    const kind = this.#chance.next();
    const target = this.#written[this.#chance.below(this.#written.length)];
    if (kind < 0.75 || target === undefined) this.#write();
    else if (kind < 0.85) this.#do({ edit: 'react', ...target, emoji: '👍' });
    else if (kind < 0.95) this.#do({ edit: 'editMessage', ...target, text: `changed ${this.#changes}` });
    else this.#revoke(target);
  }

  /** The phone learns, and tells, that a LID and a phone number are one person. */
  revealMapping(): void {
    if (this.#isRevealed) return;
    this.#isRevealed = true;
    this.#do({ edit: 'revealMapping', person: 'Cleo' });
  }

  /**
   * Everybody says one thing more: what was lost below it shows as a gap, and where nothing was known there is an
   * anchor.
   */
  closingWords(): void {
    for (const place of [...PLACES, ...QUIET_PLACES]) this.#say(place);
  }

  /** Resolves when everything has happened; rejects with what could not. */
  async settled(): Promise<void> {
    await this.#lane;
  }

  #write(): void {
    this.#say(this.#chance.pick(PLACES));
  }

  #say(place: Place): void {
    const text = `change ${this.#changes}`;
    this.#do({ edit: 'message', ...place, content: { type: 'text', text } }, (messageId) => {
      this.#written.push({ chat: place.chat, messageId });
    });
  }

  #revoke(target: Written): void {
    this.#written.splice(this.#written.indexOf(target), 1);
    this.#do({ edit: 'revoke', ...target });
  }

  #do(edit: WorldEdit, then: (id: string) => void = () => {}): void {
    this.#changes += 1;
    this.#lane = this.#lane.then(async () => {
      const id = await this.#whatsapp.edit(edit);
      if (id !== null) then(id);
    });
    // Told by `settled`.
    this.#lane.catch(() => {});
  }
}
