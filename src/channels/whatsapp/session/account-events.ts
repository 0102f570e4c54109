import type { BaileysEventMap, Contact, WAMessageKey } from '@whiskeysockets/baileys';
import type { ListedContact } from '../../../domain/contact.ts';
import type { ConnectionReport } from '../../channel.ts';
import { Lane } from '../keys/lane.ts';
import { mergeContacts } from '../mapping/contact-mapping.ts';
import { type LiveOf, liveEvents } from './live-events.ts';

export interface AccountEventsOf extends LiveOf {
  readonly tell: (report: ConnectionReport) => void;
  readonly onFault: (error: unknown) => void;
}

type Info = BaileysEventMap['messages.upsert']['messages'][number];

/** Baileys buffers the same object, and merges later edits and deletions into it before we look. */
const asHeard = (info: Info): Info => ({ ...info, key: { ...info.key } });

/** Takes in what happens in an account, one event after another, since looking addresses up takes time. */
export class AccountEvents {
  readonly #of: AccountEventsOf;
  readonly #events: ReturnType<typeof liveEvents>;
  readonly #order = new Lane();
  #gathered: Partial<Contact>[] = [];
  #queries = 0;
  #listeners: ListedContact[][] = [];

  constructor(of: AccountEventsOf) {
    this.#of = of;
    this.#events = liveEvents(of);
  }

  hear(event: Partial<BaileysEventMap>, continuity: string): void {
    const { messages, groups, participants, deletions } = this.#events;
    const upsert = event['messages.upsert'];
    if (upsert) {
      const heard = upsert.messages.map(asHeard);
      this.#inOrder(() => messages(heard, continuity));
    }
    const named = event['contacts.upsert'] ?? event['contacts.update'];
    if (named) this.#gather(named);
    const changed = event['groups.upsert'] ?? event['groups.update'];
    const news = this.#queries === 0 ? changed : changed?.filter(({ participants }) => participants === undefined);
    if (news && news.length > 0) this.#inOrder(() => groups(news));
    const members = event['group-participants.update'];
    if (members) this.#inOrder(() => participants(members));
    const deleted = event['messages.delete'];
    if (deleted) this.#inOrder(() => deletions(deleted));
  }

  /** A message of this key could not be decrypted. */
  missed(key: WAMessageKey): void {
    this.#inOrder(() => this.#events.missed(key));
  }

  /** Runs a query of groups: Baileys tells its answer as an event too, which is no news. */
  async answering<A>(query: () => Promise<A>): Promise<A> {
    this.#queries += 1;
    try {
      return await query();
    } finally {
      this.#queries -= 1;
    }
  }

  /** The contacts of which is told while `work` runs. They are reported as well. */
  async contactsDuring(work: () => Promise<void>): Promise<readonly ListedContact[]> {
    const heard: ListedContact[] = [];
    this.#listeners.push(heard);
    try {
      await work();
      // What was gathered in this turn of the event loop is put in order with the next.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.#order.idle();
    } finally {
      this.#listeners = this.#listeners.filter((listener) => listener !== heard);
    }
    return mergeContacts(heard);
  }

  /** The app state tells contacts one by one, thousands of them in one turn of the event loop. */
  #gather(told: readonly Partial<Contact>[]): void {
    if (this.#gathered.length === 0) {
      setImmediate(() => this.#inOrder(() => this.#events.contacts(this.#gathered.splice(0))));
    }
    this.#gathered.push(...told);
  }

  #inOrder(reportsOf: () => Promise<readonly ConnectionReport[]>): void {
    this.#order
      .run(async () => {
        for (const report of await reportsOf()) {
          if (report.type === 'contactsArrived')
            for (const listener of this.#listeners) listener.push(...report.contacts);
          this.#of.tell(report);
        }
      })
      .catch(this.#of.onFault);
  }
}
