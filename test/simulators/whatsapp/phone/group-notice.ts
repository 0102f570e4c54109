import type { BinaryNode } from '@whiskeysockets/baileys';
import { groupNode, participantNode } from '../server/iq/group-queries.ts';
import { node } from '../wire/nodes.ts';
import type { Account } from '../world/account.ts';
import type { WorldEdit } from '../world/world-edit.ts';
import { addressIn } from './web-message.ts';

export type GroupEdit = Extract<
  WorldEdit,
  { readonly edit: 'renameGroup' | 'describeGroup' | 'members' | 'createGroup' }
>;

/** What the server tells the members of a group: `<notification type="w:gp2">`. `messages-recv.js` */
export const groupNotice = (account: Account, edit: GroupEdit, id: string): BinaryNode => {
  const chat = account.chat(edit.edit === 'createGroup' ? edit.name : edit.chat);
  const by = edit.by === undefined ? account.owner : account.person(edit.by);
  const isLid = chat.addressing !== 'pn';
  const t = String(Math.floor((edit.at ?? 0) / 1000));
  const attrs = {
    from: chat.ownJid ?? undefined,
    type: 'w:gp2',
    id,
    t,
    participant: addressIn(chat, by),
    addressing_mode: isLid ? 'lid' : 'pn',
    participant_pn: isLid && by.isMappingKnown ? by.pn : undefined,
    notify: by.pushName ?? undefined,
  };
  return node('notification', attrs, [changeNode(account, edit, t)]);
};

const changeNode = (account: Account, edit: GroupEdit, t: string): BinaryNode => {
  switch (edit.edit) {
    case 'renameGroup':
      return node('subject', { subject: edit.subject, s_t: t });
    case 'describeGroup':
      return node('description', { id: t }, [node('body', {}, Buffer.from(edit.description))]);
    case 'createGroup':
      return node('create', { type: 'new', key: t }, [groupNode(account, account.chat(edit.name))]);
    case 'members': {
      const person = edit.person === undefined ? account.owner : account.person(edit.person);
      return node(edit.change, {}, [participantNode(account.chat(edit.chat), person, undefined)]);
    }
  }
};
