import { type AuthenticationCreds, BufferJSON, proto, type SignalDataTypeMap } from '@whiskeysockets/baileys';

export type KeyKind = keyof SignalDataTypeMap;

/** Every kind of key that Baileys keeps (its `SignalDataTypeMap`): the compiler sees to it that none is missing. */
const KINDS: Readonly<Record<KeyKind, true>> = {
  'pre-key': true,
  session: true,
  'sender-key': true,
  'sender-key-memory': true,
  'app-state-sync-key': true,
  'app-state-sync-version': true,
  'lid-mapping': true,
  'device-list': true,
  tctoken: true,
  'identity-key': true,
};
export const KEY_KINDS: readonly KeyKind[] = (Object.keys(KINDS) as KeyKind[]).sort();

/** What we keep beside them: LIDs under which the phone knows chats. */
export const FACT_KINDS = ['lid-chat'] as const;
export type FactKind = (typeof FACT_KINDS)[number];

export const encodeValue = (value: unknown): string => JSON.stringify(value, BufferJSON.replacer);

/** Throws on anything that `encodeValue` did not write. */
export const decodeValue = <Kind extends KeyKind>(kind: Kind, text: string): SignalDataTypeMap[Kind] => {
  const value: unknown = JSON.parse(text, BufferJSON.reviver);
  const revived = kind === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value as object) : value;
  return revived as SignalDataTypeMap[Kind];
};

/** The account's signature is a protobuf object, whose JSON has base64 where bytes were. */
export const decodeCreds = (text: string): AuthenticationCreds => {
  const creds = JSON.parse(text, BufferJSON.reviver) as AuthenticationCreds;
  return creds.account === undefined
    ? creds
    : { ...creds, account: proto.ADVSignedDeviceIdentity.fromObject(creds.account) };
};
