import type { MalformedMessage } from '../../channels/channel.ts';
import { ExternalId } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';

/** The raw payload of a message that could not be read but says which one it is, and when. */
export const keptOf = ({ externalId, at, raw }: MalformedMessage): readonly Message[] => {
  if (externalId === null || at === null) return [];
  return [
    {
      externalId: ExternalId.make(externalId),
      senderId: null,
      isFromMe: false,
      type: 'unknown',
      text: null,
      payload: raw,
      timestamp: at,
      editedAt: null,
    },
  ];
};
