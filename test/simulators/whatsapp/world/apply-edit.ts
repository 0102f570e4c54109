import { Chance, mix } from '../../discord/chance.ts';
import type { Account } from './account.ts';
import { messageId } from './compose.ts';
import type { Person } from './person.ts';
import type { WorldEdit } from './world-edit.ts';

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
      const { messages } = account.chat(edit.chat);
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
      return { edit: { ...edit, id }, id: changeGroup(account, edit) ? id : null };
  }
};

type GroupEdit = Extract<WorldEdit, { readonly edit: 'renameGroup' | 'describeGroup' | 'members' }>;

const changeGroup = (account: Account, edit: GroupEdit): true => {
  const { group } = account.chat(edit.chat);
  if (group === null) throw new RangeError(`${edit.chat} is no group.`);
  if (edit.edit === 'renameGroup') group.subject = edit.subject;
  else if (edit.edit === 'describeGroup') group.description = edit.description;
  else if (edit.person === undefined) {
    if (edit.change === 'add' || edit.change === 'remove') group.isMember = edit.change === 'add';
    else group.isAdmin = edit.change === 'promote';
  } else {
    const person = account.person(edit.person);
    const set = edit.change === 'add' || edit.change === 'remove' ? group.members : group.admins;
    if (edit.change === 'add' || edit.change === 'promote') set.add(person);
    else set.delete(person);
    if (edit.change === 'remove') group.admins.delete(person);
  }
  return true;
};
