import type { Chat } from './chat.ts';
import { aliasesOf } from './chat.ts';
import type { Message } from './message.ts';
import type { Person } from './person.ts';

/** One owner, and everything that the phone holds. */
export class Account {
  readonly owner: Person;
  readonly people: Map<string, Person>;
  readonly chats: Chat[];
  readonly seed: number;

  constructor(owner: Person, people: readonly Person[], chats: Chat[], seed: number) {
    this.owner = owner;
    this.people = new Map(people.map((person) => [person.name, person]));
    this.chats = chats;
    this.seed = seed;
  }

  get phoneNumber(): string {
    return this.owner.phoneNumber;
  }

  person(name: string): Person {
    const person = this.people.get(name);
    if (person === undefined) throw new RangeError(`${this.owner.name} knows nobody called ${name}.`);
    return person;
  }

  chat(name: string): Chat {
    const chat = this.chats.find((candidate) => candidate.name === name);
    if (chat === undefined) throw new RangeError(`${this.owner.name} has no chat called ${name}.`);
    return chat;
  }

  /** By any of its addresses. */
  chatAt(jid: string): Chat | undefined {
    return this.chats.find((chat) => aliasesOf(chat).includes(jid));
  }

  message(chatName: string, id: string): Message {
    const message = this.chat(chatName).messages.find((candidate) => candidate.id === id);
    if (message === undefined) throw new RangeError(`${chatName} holds no message ${id}.`);
    return message;
  }

  /** By phone number or LID, with or without a device; the owner too. */
  personAt(jid: string): Person | undefined {
    const bare = jid.replace(/:\d+@/, '@');
    return [this.owner, ...this.people.values()].find(({ pn, lid }) => pn === bare || lid === bare);
  }
}
