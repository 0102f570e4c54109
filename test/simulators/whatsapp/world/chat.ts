import type { Message } from './message.ts';
import type { Person } from './person.ts';
import type { Addressing } from './world-plan.ts';

export type ChatKind = 'direct' | 'group' | 'community' | 'status' | 'newsletter';

export interface GroupInfo {
  subject: string;
  description: string | null;
  readonly creator: Person | null;
  /** ms */
  readonly createdAt: number;
  /** Members besides the owner of the account. */
  readonly members: Set<Person>;
  readonly admins: Set<Person>;
  /** Whether the owner of the account is in it. */
  isMember: boolean;
  isAdmin: boolean;
  announce: boolean;
  /** The jid of the community that it belongs to. */
  readonly communityJid: string | null;
  /** It is the announcement group of its community. */
  readonly isAnnouncementGroup: boolean;
}

/** One chat as the phone holds it. */
export interface Chat {
  /** What tests call it: the name of the person, the subject it had at first. */
  readonly name: string;
  readonly kind: ChatKind;
  readonly addressing: Addressing;
  /** Of direct chats. */
  readonly person: Person | null;
  /** Of groups and communities. */
  readonly group: GroupInfo | null;
  /** Of everything that is no direct chat. */
  readonly ownJid: string | null;
  /** Oldest first. */
  readonly messages: Message[];
  /** Companions know no message of it, so that they cannot ask for older ones. */
  isUnpushed: boolean;
}

/** The address under which a chat goes where the phone number still counts (`pushed`), or where it does not. */
export const jidOf = ({ ownJid, person, addressing }: Chat, pushed: boolean): string => {
  if (ownJid !== null) return ownJid;
  if (person === null) throw new Error('A direct chat is with somebody.');
  return addressing === 'pn' || (addressing === 'migrating' && pushed) ? person.pn : person.lid;
};

/** Every address that names this chat. */
export const aliasesOf = ({ ownJid, person }: Chat): readonly string[] =>
  ownJid !== null ? [ownJid] : person === null ? [] : [person.pn, person.lid];

/** What a sync is about: neither status updates nor newsletters; a community itself has no messages. */
export const isSynced = ({ kind }: Chat): boolean => kind === 'direct' || kind === 'group';
