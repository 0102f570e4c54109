import { mix } from '../../discord/chance.ts';
import { Account } from './account.ts';
import type { Chat, GroupInfo } from './chat.ts';
import { composeHistory } from './compose.ts';
import { makePerson, type Person } from './person.ts';
import type { AccountPlan, ChatPlan, CommunityPlan, GroupPlan, HistoryPlan } from './world-plan.ts';

const DAY_MS = 86_400_000;

/** Makes what a plan says. The same plan and seed give the same account, message for message. */
export const buildAccount = (plan: AccountPlan, seed: number): Account => {
  const owner = makePerson(plan.name, plan.phoneNumber, {});
  const people = (plan.people ?? []).map((person) => makePerson(person.name, person.phoneNumber, person));
  const byName = new Map(people.map((person) => [person.name, person]));
  const find = (name: string): Person => {
    const person = byName.get(name);
    if (person === undefined) throw new RangeError(`The plan of ${plan.name} has nobody called ${name}.`);
    return person;
  };
  const own = mix(seed, ...[...plan.phoneNumber].map(Number));
  const chats: Chat[] = [];
  for (const [ordinal, chatPlan] of plan.chats.entries()) {
    const salt = mix(own, ordinal);
    chats.push(...makeChats(chatPlan, { find, salt, seed, chats }));
  }
  return new Account(owner, people, chats, seed);
};

export interface Making {
  readonly find: (name: string) => Person;
  readonly salt: number;
  readonly seed: number;
  /** Those made before. */
  readonly chats: readonly Chat[];
}

/** Group jids as WhatsApp makes them now: `120363` and twelve digits more. */
const groupJid = (salt: number): string => `120363${String(mix(salt, 11)).padStart(12, '0').slice(-12)}@g.us`;

/** The chats that one entry of a plan makes. */
export const makeChats = (plan: ChatPlan, making: Making): readonly Chat[] => {
  const { find, salt, seed } = making;
  const history = (history: HistoryPlan, authors: readonly (Person | null)[], isGroup: boolean) => ({
    messages: composeHistory(history, { authors, isGroup }, seed, salt),
    isUnpushed: history.unpushed === true,
  });
  switch (plan.kind) {
    case 'direct': {
      const person = find(plan.with);
      const addressing = plan.addressing ?? 'pn';
      return [
        {
          name: plan.with,
          kind: 'direct',
          addressing,
          person,
          group: null,
          ownJid: null,
          ...history(plan, [person, null], false),
        },
      ];
    }
    case 'group': {
      const members = plan.members.map(find);
      const group = groupInfo(plan, members, making);
      const addressing = plan.addressing ?? 'lid';
      const common = { name: plan.name, kind: 'group', addressing, person: null, ownJid: groupJid(salt) } as const;
      return [{ ...common, group, ...history(plan, [...members, null], true) }];
    }
    case 'community':
      return community(plan, making);
    case 'status':
      return [
        {
          name: 'status',
          kind: 'status',
          addressing: 'pn',
          person: null,
          group: null,
          ownJid: 'status@broadcast',
          ...history(plan, plan.by.map(find), true),
        },
      ];
    case 'newsletter':
      return [
        {
          name: plan.name,
          kind: 'newsletter',
          addressing: 'pn',
          person: null,
          group: null,
          ownJid: `${groupJid(salt).slice(0, -5)}@newsletter`,
          ...history(plan, [null], false),
        },
      ];
  }
};

const groupInfo = (plan: GroupPlan, members: readonly Person[], { find, chats }: Making): GroupInfo => {
  const parent = plan.community === undefined ? null : chats.find(({ name }) => name === plan.community);
  if (parent === undefined) throw new RangeError(`No community is called ${plan.community}.`);
  return {
    subject: plan.name,
    description: plan.description ?? null,
    creator: plan.creator === undefined ? null : find(plan.creator),
    createdAt: (plan.from ?? plan.to ?? 0) - DAY_MS,
    members: new Set(members),
    admins: new Set((plan.admins ?? []).map(find)),
    isMember: plan.left !== true,
    isAdmin: plan.creator === undefined,
    announce: plan.announce === true,
    communityJid: parent?.ownJid ?? null,
    isAnnouncementGroup: false,
  };
};

/** Two groups: the community itself, and the group of its announcements. */
const community = ({ name, members }: CommunityPlan, { find, salt }: Making): readonly Chat[] => {
  const jid = groupJid(salt);
  const info = (isAnnouncementGroup: boolean): GroupInfo => ({
    subject: name,
    description: null,
    creator: null,
    createdAt: 1_700_000_000_000,
    members: new Set(members.map(find)),
    admins: new Set(),
    isMember: true,
    isAdmin: true,
    announce: isAnnouncementGroup,
    communityJid: isAnnouncementGroup ? jid : null,
    isAnnouncementGroup,
  });
  const common = { addressing: 'lid', person: null, isUnpushed: false } as const;
  return [
    { ...common, name, kind: 'community', group: info(false), ownJid: jid, messages: [] },
    {
      ...common,
      name: `${name} announcements`,
      kind: 'group',
      group: info(true),
      ownJid: groupJid(mix(salt, 7)),
      messages: [],
    },
  ];
};
