import type { BinaryNode } from '@whiskeysockets/baileys';
import { node } from '../wire/nodes.ts';

/** Why the server refuses a login, in its own words: `<failure reason="…">`. */
export type LoginRefusal = 401 | 402 | 403 | 405 | 503;

export const failure = (reason: LoginRefusal): BinaryNode =>
  node('failure', { reason: String(reason), location: 'sim' });

/** Ends of a session, in the server's own words. */
export const STREAM_ERRORS = {
  /** Somebody else logged in as this device. */
  replaced: node('stream:error', {}, [node('conflict', { type: 'replaced' })]),
  /** The owner removed the device on the phone. */
  removed: node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })]),
  restart: node('stream:error', { code: '515' }),
  unavailable: node('stream:error', { code: '503' }),
  banned: node('stream:error', { code: '403' }),
} as const;

export type StreamEnd = keyof typeof STREAM_ERRORS;
