import { proto } from '@whiskeysockets/baileys';
import type { Device } from '../server/device.ts';
import type { Phone } from './phone.ts';
import { webMessageOf } from './web-message.ts';

/** Gives a companion messages that it could not decrypt, as far as the phone has them. */
export const resendPlaceholders = async (
  phone: Phone,
  device: Device,
  requestId: string,
  wanted: readonly proto.Message.PeerDataOperationRequestMessage.IPlaceholderMessageResendRequest[],
): Promise<void> => {
  const { world } = phone.account;
  const results = wanted.flatMap(({ messageKey }) => {
    const chat = world.chatAt(messageKey?.remoteJid ?? '');
    const message = chat?.messages.find(({ id }) => id === messageKey?.id);
    if (chat === undefined || message === undefined) return [];
    const webMessageInfoBytes = proto.WebMessageInfo.encode(webMessageOf(world, chat, message, false)).finish();
    return [{ placeholderMessageResendResponse: { webMessageInfoBytes } }];
  });
  if (results.length === 0) return;
  await phone.tell(device, {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
        stanzaId: requestId,
        peerDataOperationResult: results,
      },
    },
  });
};
