import { normalizeMessageContent, proto, unpadRandomMax16 } from '@whiskeysockets/baileys';

/** What a device of the account itself tells this one, and tells once. */
export interface OwnNews {
  readonly history: proto.Message.IHistorySyncNotification | null;
  /** By the name under which Baileys keeps them: base64 of the key's id (its `process-message.js`). */
  readonly appStateKeys: Readonly<Record<string, proto.Message.IAppStateSyncKeyData>>;
}

const decode = (plaintext: () => Uint8Array): proto.Message | null => {
  try {
    return proto.Message.decode(plaintext());
  } catch {
    return null;
  }
};

const newsOf = (message: proto.Message | null): OwnNews | null => {
  const content = normalizeMessageContent(message?.deviceSentMessage?.message ?? message ?? undefined);
  const told = content?.protocolMessage;
  if (told === null || told === undefined) return null;
  const history = told.historySyncNotification ?? null;
  const appStateKeys: Record<string, proto.Message.IAppStateSyncKeyData> = {};
  for (const { keyId, keyData } of told.appStateSyncKeyShare?.keys ?? []) {
    const id = keyId?.keyId;
    if (id && keyData) appStateKeys[Buffer.from(id).toString('base64')] = keyData;
  }
  return history === null && Object.keys(appStateKeys).length === 0 ? null : { history, appStateKeys };
};

/** Null when the decrypted plaintext is neither a history notification nor a share of app state keys. */
export const newsIn = (plaintext: Uint8Array): OwnNews | null => newsOf(decode(() => unpadRandomMax16(plaintext)));

/** The same for what was never encrypted, and so has no padding (Baileys' `decode-wa-message.js`). */
export const newsInPlain = (bytes: Uint8Array): OwnNews | null => newsOf(decode(() => bytes));
