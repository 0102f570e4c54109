import { S_WHATSAPP_NET, type WASocket } from '@whiskeysockets/baileys';

/** How long the server may take to answer. */
const ANSWER_MS = 10_000;

/**
 * Removes this device from the account, as Baileys' `logout` does, but does not hang up before the server has heard it.
 * Rejects when it could not be sent; an answer that does not come, or a closed line instead of one, is what one
 * expects.
 */
export const removeDevice = async (socket: WASocket): Promise<void> => {
  const jid = socket.user?.id;
  if (jid === undefined) throw new Error('The account is not paired.');
  const id = socket.generateMessageTag();
  const answer = socket.waitForMessage(id, ANSWER_MS).catch(() => {});
  await socket.sendNode({
    tag: 'iq',
    attrs: { to: S_WHATSAPP_NET, type: 'set', id, xmlns: 'md' },
    content: [{ tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }],
  });
  await answer;
};
