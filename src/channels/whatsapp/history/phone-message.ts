import {
  type BinaryNode,
  encodeSignedDeviceIdentity,
  jidNormalizedUser,
  type proto,
  type WASocket,
} from '@whiskeysockets/baileys';

/**
 * Sends a message to the owner's phone and nobody else, as Baileys' `sendPeerDataOperationMessage` does, with two
 * differences: the id is ours, so that an answer cannot come before we know what it answers, and what was encrypted is
 * durable before it leaves. Rejects when it could not be sent.
 */
export const sendToPhone = async (socket: WASocket, id: string, message: proto.IMessage): Promise<void> => {
  const { creds } = socket.authState;
  if (creds.me === undefined || creds.account === undefined) throw new Error('The account is not paired.');
  const jid = jidNormalizedUser(creds.me.id);
  await socket.assertSessions([jid]);
  const { nodes, shouldIncludeDeviceIdentity } = await socket.createParticipantNodes(
    [jid],
    { deviceSentMessage: { destinationJid: jid, message } },
    {},
  );
  const sealed = nodes[0]?.content;
  if (!Array.isArray(sealed)) throw new Error('The message could not be encrypted.');
  const identity: BinaryNode = {
    tag: 'device-identity',
    attrs: {},
    content: encodeSignedDeviceIdentity(creds.account, true),
  };
  await socket.sendNode({
    tag: 'message',
    attrs: { id, to: jid, type: 'text', category: 'peer', push_priority: 'high_force' },
    content: [
      ...sealed,
      ...(shouldIncludeDeviceIdentity ? [identity] : []),
      { tag: 'meta', attrs: { appdata: 'default' } },
    ],
  });
};
