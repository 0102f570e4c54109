import { createHash } from 'node:crypto';
import { type BinaryNode, Curve, generateSignalPubKey, KEY_BUNDLE_TYPE } from '@whiskeysockets/baileys';
import type { KeyBundle } from '../../signal/signal-party.ts';
import { bigEndian, childrenOf, needAttr, needBytes, needChild, needNumber, node } from '../../wire/nodes.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { Device } from '../device.ts';
import { type Asker, type IqAnswer, type IqTable, OK } from './iq.ts';

const KEY_ID_BYTES = 3;

const readSignedPreKey = (parent: BinaryNode, identity: Buffer): KeyBundle['signedPreKey'] => {
  const skey = needChild(parent, 'skey');
  const value = needBytes(skey, 'value', 32);
  const signature = needBytes(skey, 'signature', 64);
  if (!Curve.verify(identity, generateSignalPubKey(value), signature)) {
    throw new ProtocolError('encrypt', 'the signed pre key is not signed by the identity key');
  }
  return { id: needNumber(skey, 'id', KEY_ID_BYTES), value, signature };
};

/** One-time keys: stored, each id once. */
const upload = (iq: BinaryNode, { state }: Device): IqAnswer => {
  const { identity, registrationId } = state.bundle;
  if (!needBytes(iq, 'identity', 32).equals(identity)) throw new ProtocolError('encrypt', 'another identity key');
  if (needNumber(iq, 'registration', 4) !== registrationId)
    throw new ProtocolError('encrypt', 'another registration id');
  if (!needBytes(iq, 'type', 1).equals(KEY_BUNDLE_TYPE)) throw new ProtocolError('encrypt', 'a key type other than 5');
  state.bundle = { ...state.bundle, signedPreKey: readSignedPreKey(iq, identity) };
  for (const key of childrenOf(needChild(iq, 'list'), 'key')) {
    const id = needNumber(key, 'id', KEY_ID_BYTES);
    const value = needBytes(key, 'value', 32);
    const held = state.preKeys.find((candidate) => candidate.id === id);
    if (held === undefined) state.preKeys.push({ id, value });
    else if (!held.value.equals(value)) throw new ProtocolError('encrypt', `another key under the id ${id}`);
  }
  return OK;
};

const digest = ({ state: { bundle, preKeys } }: Device): IqAnswer => {
  if (preKeys.length === 0) return { error: { code: 404, text: 'item-not-found' } };
  const { identity, registrationId, signedPreKey } = bundle;
  const hash = createHash('sha1').update(identity).update(signedPreKey.value).update(signedPreKey.signature);
  for (const { value } of preKeys) hash.update(value);
  return {
    content: [
      node('digest', {}, [
        node('registration', {}, bigEndian(registrationId, 4)),
        node('type', {}, KEY_BUNDLE_TYPE),
        node('identity', {}, identity),
        signedPreKeyNode(signedPreKey),
        node(
          'list',
          {},
          preKeys.map(({ id }) => node('id', {}, bigEndian(id, KEY_ID_BYTES))),
        ),
        node('hash', {}, hash.digest()),
      ]),
    ],
  };
};

const signedPreKeyNode = ({ id, value, signature }: KeyBundle['signedPreKey']): BinaryNode =>
  node('skey', {}, [
    node('id', {}, bigEndian(id, KEY_ID_BYTES)),
    node('value', {}, value),
    node('signature', {}, signature),
  ]);

const bundleNode = (jid: string, { registrationId, identity, signedPreKey, preKey }: KeyBundle): BinaryNode =>
  node('user', { jid }, [
    node('registration', {}, bigEndian(registrationId, 4)),
    node('type', {}, KEY_BUNDLE_TYPE),
    node('identity', {}, identity),
    signedPreKeyNode(signedPreKey),
    ...(preKey === null
      ? []
      : [node('key', {}, [node('id', {}, bigEndian(preKey.id, KEY_ID_BYTES)), node('value', {}, preKey.value)])]),
  ]);

/** The keys that others left, by address; the phone of the account and its contacts have one device each. */
const bundles = async (iq: BinaryNode, { account }: Asker): Promise<IqAnswer> => {
  const users: BinaryNode[] = [];
  for (const user of childrenOf(needChild(iq, 'key'), 'user')) {
    const jid = needAttr(user, 'jid');
    const person = account.world.personAt(jid);
    const device = account.linked.find(({ jid: own, lid }) => own === jid || lid === jid);
    if (device !== undefined) users.push(bundleNode(jid, device.takeBundle()));
    else if (person === undefined || /:[1-9]/.test(jid)) {
      users.push(node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })]));
    } else {
      const party = person === account.world.owner ? account.phone : account.contact(person);
      users.push(bundleNode(jid, await party.bundle()));
    }
  }
  return { content: [node('list', {}, users)] };
};

/** Keys for end-to-end encryption: `xmlns="encrypt"`. */
export const keyQueries: IqTable = {
  'get encrypt count': (_, { device }) => ({
    content: [node('count', { value: String(device.state.preKeys.length) })],
  }),
  'set encrypt registration': (iq, { device, account }) => {
    const answer = upload(iq, device);
    account.changed();
    return answer;
  },
  'set encrypt rotate': (iq, { device, account }) => {
    const { state } = device;
    state.bundle = {
      ...state.bundle,
      signedPreKey: readSignedPreKey(needChild(iq, 'rotate'), state.bundle.identity),
    };
    account.changed();
    return OK;
  },
  'get encrypt digest': (_, { device }) => digest(device),
  'get encrypt key': bundles,
};
