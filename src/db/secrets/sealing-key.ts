import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, scryptSync } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Makes guessing a key that people thought up 16 MB and tens of milliseconds of work each. */
const SCRYPT = { N: 2 ** 14, r: 8, p: 1 };
/** The same everywhere, so that one SECRET_KEY opens the database on every node. */
const SALT = 'omni-history-sync:secret-key:1';

/** AES-256-GCM under a key that is derived from the operator's secret. */
export interface SealingKey {
  /** Names the key without telling it: kept beside what it sealed. */
  readonly keyId: string;
  /**
   * `v1.<key id>.<nonce>.<ciphertext and tag>`. Opens only with the same `context`, so it cannot be moved to another
   * row.
   */
  readonly seal: (text: string, context: string) => string;
  /** Throws if this key did not seal it, or not for this context. */
  readonly open: (sealed: string, context: string) => string;
  /** Equal for equal texts, and useless without the key. */
  readonly fingerprint: (text: string) => string;
}

export const sealingKey = (secret: string): SealingKey => {
  const root = scryptSync(secret.normalize('NFKC'), SALT, 32, SCRYPT);
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', root, '', purpose, 32));
  const cipherKey = derive('seal');
  const fingerprintKey = derive('fingerprint');
  const keyId = derive('key-id').toString('hex').slice(0, 16);
  const authenticated = (context: string) => Buffer.from(`v1.${keyId}.${context}`);

  return {
    keyId,
    seal: (text, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce).setAAD(authenticated(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${keyId}.${nonce.toString('base64url')}.${body.toString('base64url')}`;
    },
    open: (sealed, context) => {
      const [version, sealedBy, nonce = '', body = ''] = sealed.split('.');
      if (version !== 'v1' || sealedBy !== keyId) throw new Error(`This was not sealed with key ${keyId}`);
      const bytes = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', cipherKey, Buffer.from(nonce, 'base64url'), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(authenticated(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
    },
    fingerprint: (text) => createHmac('sha256', fingerprintKey).update(text).digest('hex'),
  };
};
