import { Chance, mix } from '../../discord/chance.ts';
import type { Account } from './account.ts';
import { makeChats } from './build-account.ts';
import type { GroupInfo } from './chat.ts';
import { messageId } from './compose.ts';
import type { Content } from './message.ts';
import { makePerson, type Person } from './person.ts';
import type { WorldEdit } from './world-edit.ts';
import type { ChatPlan } from './world-plan.ts';

export interface Applied {
  /** With id and instant filled in, so that it can be done again. */
  readonly edit: WorldEdit;
  /** Of the message that tells of it; null where none does. */
  readonly id: string | null;
}

const authorOf = (account: Account, name: string | undefined): Person | null =>
  name === undefined ? null : account.person(name);

/** Changes the account. The same edits in the same order give the same account. `edit.at` must be set. */
export const applyEdit = (account: Account, edit: WorldEdit): Applied => {
  const second = Math.floor((edit.at ?? 0) / 1000);
  const id =
    ('id' in edit ? edit.id : undefined) ??
    messageId(
      new Chance(mix(second, account.chats.length, ...[...JSON.stringify(edit)].map((letter) => letter.charCodeAt(0)))),
    );
  switch (edit.edit) {
    case 'message': {
      const { content, wrapping = null, quotes = null } = edit;
      const chat = account.chat(edit.chat);
      const { messages } = chat;
      if (edit.silent !== true) chat.isUnpushed = false;
      const author = authorOf(account, edit.from);
      const at = messages.findLastIndex((message) => message.at <= second);
      messages.splice(at + 1, 0, {
        id,
        at: second,
        author,
        content,
        wrapping,
        quotes,
        reactions: [],
        editedAt: null,
        revokedAt: null,
      });
      return { edit: { ...edit, id }, id };
    }
    case 'react': {
      const message = account.message(edit.chat, edit.messageId);
      const by = authorOf(account, edit.from);
      message.reactions = message.reactions.filter((reaction) => reaction.by !== by);
      if (edit.emoji !== '') message.reactions.push({ id, by, emoji: edit.emoji, at: second });
      return { edit: { ...edit, id }, id };
    }
    case 'editMessage': {
      const message = account.message(edit.chat, edit.messageId);
      message.content = { type: 'text', text: edit.text };
      if (edit.silent !== true) message.editedAt = second;
      return { edit: { ...edit, id }, id };
    }
    case 'revoke':
      account.message(edit.chat, edit.messageId).revokedAt = second;
      return { edit: { ...edit, id }, id };
    case 'newChat': {
      const { person, addressing } = edit;
      if (!account.people.has(person.name))
        account.people.set(person.name, makePerson(person.name, person.phoneNumber, person));
      addChat(account, { kind: 'direct', with: person.name, ...(addressing === undefined ? {} : { addressing }) });
      return { edit, id: null };
    }
    case 'pushName':
      account.person(edit.person).pushName = edit.pushName;
      return { edit, id: null };
    case 'saveContact':
      account.person(edit.person).savedAs = edit.savedAs;
      return { edit, id: null };
    case 'revealMapping':
      account.person(edit.person).isMappingKnown = true;
      return { edit, id: null };
    default:
      changeGroup(account, edit, id, second);
      return { edit: { ...edit, id }, id };
  }
};

type GroupEdit = Extract<WorldEdit, { readonly edit: 'renameGroup' | 'describeGroup' | 'members' | 'createGroup' }>;

const addChat = (account: Account, plan: ChatPlan): void => {
  const salt = mix(account.seed, account.chats.length, ...[...account.phoneNumber].map(Number));
  const find = (name: string) => account.person(name);
  account.chats.push(...makeChats(plan, { find, salt, seed: account.seed, chats: account.chats }));
};

/** Whoever reads the chat sees that it happened: a stub. */
const stubOf = (account: Account, edit: GroupEdit): Content => {
  const stub = (name: string, parameters: readonly string[]): Content => ({ type: 'system', stub: name, parameters });
  switch (edit.edit) {
    case 'createGroup':
      return stub('GROUP_CREATE', [edit.name]);
    case 'renameGroup':
      return stub('GROUP_CHANGE_SUBJECT', [edit.subject]);
    case 'describeGroup':
      return stub('GROUP_CHANGE_DESCRIPTION', [edit.description]);
    case 'members': {
      const person = edit.person === undefined ? account.owner : account.person(edit.person);
      return stub(`GROUP_PARTICIPANT_${edit.change.toUpperCase()}`, [person.pn]);
    }
  }
};

const changeGroup = (account: Account, edit: GroupEdit, id: string, second: number): void => {
  if (edit.edit === 'createGroup') addChat(account, groupPlan(edit));
  const { group, messages } = account.chat(edit.edit === 'createGroup' ? edit.name : edit.chat);
  if (group === null) throw new RangeError('That chat is no group.');
  if (edit.edit === 'renameGroup') group.subject = edit.subject;
  else if (edit.edit === 'describeGroup') group.description = edit.description;
  else if (edit.edit === 'members') changeMembers(account, group, edit);
  const author = authorOf(account, edit.by);
  const content = stubOf(account, edit);
  messages.push({
    id,
    at: second,
    author,
    content,
    wrapping: null,
    quotes: null,
    reactions: [],
    editedAt: null,
    revokedAt: null,
  });
};

const groupPlan = ({
  name,
  members,
  by,
  addressing,
  community,
  at = 0,
}: Extract<GroupEdit, { readonly edit: 'createGroup' }>): ChatPlan => ({
  kind: 'group',
  name,
  members,
  to: at,
  ...(by === undefined ? {} : { creator: by }),
  ...(addressing === undefined ? {} : { addressing }),
  ...(community === undefined ? {} : { community }),
});

const changeMembers = (
  account: Account,
  group: GroupInfo,
  { change, person: name }: Extract<GroupEdit, { readonly edit: 'members' }>,
): void => {
  const isAbout = change === 'add' || change === 'remove' ? 'membership' : 'role';
  if (name === undefined) {
    if (isAbout === 'membership') group.isMember = change === 'add';
    else group.isAdmin = change === 'promote';
    return;
  }
  const person = account.person(name);
  const set = isAbout === 'membership' ? group.members : group.admins;
  if (change === 'add' || change === 'promote') set.add(person);
  else set.delete(person);
  if (change === 'remove') group.admins.delete(person);
};
