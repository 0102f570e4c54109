import {
  type BinaryNode,
  type GroupMetadata,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  type WASocket,
} from '@whiskeysockets/baileys';
import { BadAnswer } from '../../platform-failure.ts';

/** A result whose first child is a list of groups, as Baileys names it. */
const LIST = 'CB:iq,,groups';

/**
 * All groups with their members, in one query. Rejects with `BadAnswer` where no list came: Baileys takes an answer
 * that does not come in time, and one without a list, for an account without groups.
 */
export const allGroups = async (socket: WASocket): Promise<readonly GroupMetadata[]> => {
  let listed: number | null = null;
  const hear = (answer: BinaryNode): void => {
    listed = getBinaryNodeChildren(getBinaryNodeChild(answer, 'groups'), 'group').length;
  };
  socket.ws.on(LIST, hear);
  try {
    const groups = Object.values(await socket.groupFetchAllParticipating());
    if (listed === groups.length) return groups;
  } finally {
    socket.ws.off(LIST, hear);
  }
  throw new BadAnswer({ message: 'WhatsApp gave no list of the groups when it was asked for it.', raw: null });
};
