import type { ConnectionReport } from '../../channel.ts';

/** Aliases of one report: an account may have thousands. */
const CHUNK = 500;
/** Contacts whose last pushed name is remembered. */
const MOST_NAMES = 20_000;

/**
 * Passes reports on in order. What is told of an account before it is said to be open waits until then; what is told
 * after the end is dropped. A pushed name comes with every message: the same one is told once.
 */
export class Reporting {
  readonly #report: (report: ConnectionReport) => void;
  readonly #names = new Map<string, string>();
  #held: ConnectionReport[] = [];
  #isOpen = false;
  #isOver = false;

  constructor(report: (report: ConnectionReport) => void) {
    this.#report = report;
  }

  /** What the supervisor decides about: at once. */
  say(report: ConnectionReport): void {
    if (this.#isOver) return;
    if (report.type === 'connectionLost') this.#isOver = true;
    if (report.type === 'connectionInterrupted') this.#isOpen = false;
    this.#report(report);
    if (report.type === 'connectionOpened') this.#release();
  }

  /** What happens in the account. */
  tell(report: ConnectionReport): void {
    if (this.#isOver) return;
    if (!this.#isOpen) {
      this.#held.push(report);
      return;
    }
    const news = this.#newsOf(report);
    for (const one of news === null ? [] : inPieces(news)) this.#report(one);
  }

  end(): void {
    this.#isOver = true;
    this.#held = [];
  }

  #release(): void {
    this.#isOpen = true;
    const held = this.#held;
    this.#held = [];
    for (const report of held) this.tell(report);
  }

  #newsOf(report: ConnectionReport): ConnectionReport | null {
    if (report.type !== 'contactsArrived') return report;
    const contacts = report.contacts.filter((contact) => {
      const told = JSON.stringify([contact.names, contact.aliases, contact.handle]);
      if (this.#names.get(contact.externalId) === told) return false;
      if (this.#names.size > MOST_NAMES) this.#names.clear();
      this.#names.set(contact.externalId, told);
      return true;
    });
    return contacts.length === 0 ? null : { ...report, contacts };
  }
}

const inPieces = (report: ConnectionReport): readonly ConnectionReport[] => {
  if (report.type !== 'aliasesLearned') return [report];
  return Array.from({ length: Math.ceil(report.aliases.length / CHUNK) }, (_, at) => ({
    ...report,
    aliases: report.aliases.slice(at * CHUNK, (at + 1) * CHUNK),
  }));
};
