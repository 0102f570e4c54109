import { type BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Faults } from '../faults/faults.ts';
import type { OnDemandDesk } from '../phone/on-demand.ts';
import type { Phone } from '../phone/phone.ts';
import { resendPlaceholders } from '../phone/placeholders.ts';
import { bytesOf, childOf, needAttr, needChild, node } from '../wire/nodes.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import type { DeviceSession } from './device-session.ts';

const { PeerDataOperationRequestType: Operation } = proto.Message;

export interface PeerParts {
  readonly phone: Phone;
  readonly desk: OnDemandDesk;
  readonly faults: Faults;
  readonly now: () => number;
}

/** Takes a `<message>` of a companion: what it asks of its own phone. Throws `ProtocolError`. */
export const takeMessage = async (
  session: DeviceSession,
  stanza: BinaryNode,
  { phone, desk, faults, now }: PeerParts,
): Promise<void> => {
  const { account, device, connection } = session;
  const { owner } = account.world;
  const id = needAttr(stanza, 'id');
  const to = needAttr(stanza, 'to');
  connection.send(node('ack', { class: 'message', id, from: to, t: String(Math.floor(now() / 1000)) }));
  if (stanza.attrs['category'] !== 'peer' || (to !== owner.pn && to !== owner.lid)) {
    throw new ProtocolError('message', `it writes to ${to}; this service only reads`);
  }
  const enc = needChild(stanza, 'enc');
  const type = needAttr(enc, 'type');
  if (type !== 'pkmsg' && type !== 'msg') throw new ProtocolError('message', `encrypted as ${type}`);
  if (type === 'pkmsg') checkIdentity(stanza, Buffer.from(account.phone.identity.public));
  if (faults.take('deafPhone', account) !== null) {
    device.deliver(retryReceipt(id, owner.pn, now()));
    return;
  }
  let message: proto.Message;
  try {
    message = await phone.read(device, type, bytesOf(enc));
  } catch (error) {
    throw new ProtocolError('signal', `the phone cannot read ${id}: ${String(error)}`);
  }
  // Baileys sends it as it would send a copy of a message to another own device.
  const { protocolMessage } = message.deviceSentMessage?.message ?? message;
  const request = protocolMessage?.peerDataOperationRequestMessage;
  const operation = request?.peerDataOperationRequestType;
  if (operation === Operation.HISTORY_SYNC_ON_DEMAND && request?.historySyncOnDemandRequest) {
    await desk.ask(device, id, request.historySyncOnDemandRequest);
  } else if (operation === Operation.PLACEHOLDER_MESSAGE_RESEND) {
    await resendPlaceholders(phone, device, id, request?.placeholderMessageResendRequest ?? []);
  } else throw new ProtocolError('message', `an operation that the phone does not know: ${operation}`);
};

/** How the phone asks for what it could not decrypt. `messages-recv.js` */
const retryReceipt = (id: string, from: string, at: number): BinaryNode => {
  const t = String(Math.floor(at / 1000));
  return node('receipt', { from, id, type: 'retry', t }, [node('retry', { v: '1', count: '1', id, t })]);
};

/** The first message of a session brings the device's papers, signed by the phone. */
const checkIdentity = (stanza: BinaryNode, phone: Buffer): void => {
  const papers = childOf(stanza, 'device-identity');
  if (papers === undefined) throw new ProtocolError('message', 'a pkmsg without <device-identity>');
  const { accountSignatureKey } = proto.ADVSignedDeviceIdentity.decode(bytesOf(papers));
  if (!accountSignatureKey || !phone.equals(accountSignatureKey)) {
    throw new ProtocolError('message', 'a <device-identity> of another account');
  }
};
