import { proto } from '@whiskeysockets/baileys';
import type { Device } from '../server/device.ts';
import type { Applied } from '../world/apply-edit.ts';
import { groupNotice } from './group-notice.ts';
import { speechOf } from './live-speech.ts';
import type { Phone } from './phone.ts';

/** Tells a companion what happened, in the way in which it would hear of it. */
export const tellOf = async (phone: Phone, device: Device, { edit, id }: Applied): Promise<void> => {
  const { account } = phone;
  switch (edit.edit) {
    case 'message':
    case 'react':
    case 'editMessage':
    case 'revoke':
      if (id !== null) await phone.say(device, speechOf(account, edit, id));
      break;
    case 'renameGroup':
    case 'describeGroup':
    case 'members':
    case 'createGroup':
      if (id !== null) device.deliver(groupNotice(account.world, edit, id));
      break;
    case 'revealMapping':
      await phone.tell(device, mappingNews(account.world.person(edit.person)));
      break;
    case 'saveContact':
    case 'pushName':
    case 'newChat':
      break;
  }
};

const mappingNews = ({ pn, lid }: { readonly pn: string; readonly lid: string }): proto.IMessage => {
  const digits = (jid: string): number => Number(jid.slice(0, jid.indexOf('@')));
  return {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.LID_MIGRATION_MAPPING_SYNC,
      lidMigrationMappingSyncMessage: {
        encodedMappingPayload: proto.LIDMigrationMappingSyncPayload.encode({
          pnToLidMappings: [{ pn: digits(pn), assignedLid: digits(lid), latestLid: digits(lid) }],
          chatDbMigrationTimestamp: 1,
        }).finish(),
      },
    },
  };
};
