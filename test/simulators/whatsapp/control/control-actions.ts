import type { Fault, FaultAim } from '../faults/fault.ts';
import type { StreamEnd } from '../server/front-door.ts';
import type { WhatsAppSimulator } from '../whatsapp-simulator.ts';
import type { WorldEdit } from '../world/world-edit.ts';
import { type Body, needNumber, needObject, needText, optionalText } from './control-body.ts';

const FAULTS: ReadonlySet<string> = new Set([
  'silentPhone',
  'halfAnswer',
  'repeatPage',
  'emptyAnswer',
  'anonymousAnswer',
  'unmappedAnswer',
  'deafPhone',
  'lateAnswer',
  'twice',
  'blob',
  'plaintext',
  'garbled',
  'ownSender',
  'query',
  'codeAnswer',
  'refuseUpgrade',
  'refuseLogin',
  'noSuccess',
  'hang',
  'close',
  'groupsOverlimit',
] satisfies Fault['kind'][]);

const EDITS: ReadonlySet<string> = new Set([
  'message',
  'react',
  'editMessage',
  'revoke',
  'renameGroup',
  'describeGroup',
  'members',
  'createGroup',
  'newChat',
  'pushName',
  'saveContact',
  'revealMapping',
] satisfies WorldEdit['edit'][]);

const ENDS: ReadonlySet<string> = new Set([
  'replaced',
  'removed',
  'restart',
  'unavailable',
  'banned',
] satisfies StreamEnd[]);

/** What can be asked of a simulator by `POST /_sim/…`. `account` (a phone number) may be left out everywhere. */
export const controlActions = (simulator: WhatsAppSimulator): Readonly<Record<string, (body: Body) => unknown>> => {
  const accountOf = (body: Body): string | undefined => optionalText(body, 'account');
  return {
    scan: (body) => simulator.scan(needText(body, 'qr'), accountOf(body)),
    code: (body) => simulator.enterCode(needText(body, 'code'), accountOf(body)),
    edit: async (body) => {
      const edit = needObject(body, 'edit');
      if (!EDITS.has(needText(edit, 'edit'))) throw new TypeError(`edit.edit must be one of ${[...EDITS].join(', ')}.`);
      return { id: await simulator.edit(edit as WorldEdit, accountOf(body)) };
    },
    faults: (body) => {
      const fault = needObject(body, 'fault');
      if (!FAULTS.has(needText(fault, 'kind')))
        throw new TypeError(`fault.kind must be one of ${[...FAULTS].join(', ')}.`);
      const aim = body['aim'] === undefined ? {} : needObject(body, 'aim');
      return { id: simulator.faults.add(fault as Fault, aim as FaultAim).id };
    },
    'faults/remove': (body) => simulator.faults.remove(needNumber(body, 'id')),
    'faults/clear': () => simulator.faults.clear(),
    unlink: (body) => simulator.unlink(accountOf(body)),
    ban: (body) => simulator.ban(accountOf(body)),
    'end-session': (body) => {
      const reason = needText(body, 'reason');
      if (!ENDS.has(reason)) throw new TypeError(`reason must be one of ${[...ENDS].join(', ')}.`);
      simulator.endSession(reason as StreamEnd, accountOf(body));
    },
    'release-answers': (body) => simulator.releaseAnswers(accountOf(body)),
    drop: (body) => simulator.dropConnections(accountOf(body)),
    'log/clear': () => simulator.log.clear(),
  };
};
