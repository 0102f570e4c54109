import { proto } from '@whiskeysockets/baileys';
import type { MediaHost } from '../media/media-host.ts';
import { sealFile } from '../media/seal-file.ts';
import type { Device } from '../server/device.ts';
import { oldestSecond, type Piece, packPiece } from './history-sync.ts';
import type { Phone } from './phone.ts';

export interface SendOptions {
  /** Up to so many bytes go into the message itself. */
  readonly inlineBytes: number;
  /** The request that it answers. */
  readonly requestId: string | null;
}

/** Packs a piece of history, puts it where the companion can fetch it, and tells the companion. Gives the id. */
export const sendHistory = async (
  phone: Phone,
  media: MediaHost,
  device: Device,
  piece: Piece,
  { inlineBytes, requestId }: SendOptions,
): Promise<string> => {
  const packed = packPiece(phone.account.world, piece);
  const oldest = oldestSecond(piece.stretches);
  const isInline = packed.length <= inlineBytes;
  return phone.tell(device, {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: proto.HistorySync.HistorySyncType[piece.syncType] as number,
        chunkOrder: piece.chunkOrder,
        ...(piece.progress === null ? {} : { progress: piece.progress }),
        ...(oldest === null ? {} : { oldestMsgInChunkTimestampSec: oldest }),
        ...(requestId === null ? {} : { peerDataRequestSessionId: requestId }),
        ...(isInline ? { initialHistBootstrapInlinePayload: packed } : await stored(media, packed)),
      },
    },
  });
};

const stored = async (media: MediaHost, packed: Buffer): Promise<proto.Message.IHistorySyncNotification> => {
  const { bytes, mediaKey, fileSha256, fileEncSha256, fileLength } = await sealFile(packed, 'md-msg-hist');
  return { directPath: media.put(bytes), mediaKey, fileSha256, fileEncSha256, fileLength };
};
