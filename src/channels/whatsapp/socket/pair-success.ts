import { type BinaryNode, configureSuccessfulPairing, type WASocket } from '@whiskeysockets/baileys';

const LINKED = 'CB:iq,,pair-success';

/**
 * Completes a pairing as Baileys does (its `socket.js`), except that the credentials are durable before the server
 * hears that we are paired: a crash in between would leave a device in the owner's list that nobody can use. `settled`
 * resolves when what was changed is saved, or the connection is closed.
 */
export const completePairing = (socket: WASocket, settled: () => Promise<void>): void => {
  const complete = async (stanza: BinaryNode): Promise<void> => {
    socket.updateServerTimeOffset(stanza);
    const { reply, creds } = configureSuccessfulPairing(stanza, socket.authState.creds);
    socket.ev.emit('creds.update', creds);
    socket.ev.emit('connection.update', { isNewLogin: true });
    await settled();
    await socket.sendNode(reply);
    await socket.sendUnifiedSession();
  };
  socket.ws.removeAllListeners(LINKED);
  socket.ws.on(LINKED, (stanza: BinaryNode) => complete(stanza).catch((error: Error) => socket.end(error)));
};
