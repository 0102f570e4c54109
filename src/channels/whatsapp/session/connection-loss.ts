import { DisconnectReason } from '@whiskeysockets/baileys';
import type { ConnectionLost } from '../../channel.ts';
import type { VaultTrouble } from '../keys/auth-state.ts';

/** Every code of a lost WhatsApp connection; docs/WHATSAPP.md explains each. */
export const LOSS_CODES = [
  'logged_out',
  'session_replaced',
  'banned',
  'account_restricted',
  'pairing_timed_out',
  'pairing_failed',
  'multidevice_mismatch',
  'client_outdated',
  'session_not_saved',
  'session_unreadable',
  'bad_session',
  'restart_loop',
  'login_timed_out',
  'connection_lost',
  'service_unavailable',
  'upgrade_refused',
  'unreachable',
] as const;
export type LossCode = (typeof LOSS_CODES)[number];

const lost = (fate: ConnectionLost['fate'], code: LossCode, message: string): ConnectionLost => ({
  type: 'connectionLost',
  fate,
  code,
  message,
});

const pairingTimedOut = (): ConnectionLost =>
  lost(
    'refused',
    'pairing_timed_out',
    'Nobody linked the device in time. Connect again and scan the QR code, or type the code, on the phone under Linked devices.',
  );

export const pairingFailed = (): ConnectionLost =>
  lost(
    'refused',
    'pairing_failed',
    'WhatsApp did not take the pairing request. Check the phone number (digits with country code), wait a few minutes, then pair again.',
  );

export const sessionUnreadable = (): ConnectionLost =>
  lost('transient', 'session_unreadable', 'The saved session could not be read from the database; it is tried again.');

/**
 * What the vault did not do ends the connection before anything depends on it; it is opened again from what is saved.
 */
export const lossOfTrouble = ({ of, failure }: VaultTrouble): ConnectionLost => {
  if (of === 'read') return sessionUnreadable();
  return lost(
    'transient',
    'session_not_saved',
    failure?._tag === 'Fenced'
      ? 'Another node owns this instance now; this connection was given up.'
      : 'A change of the session could not be saved, so the connection was given up before anything depended on it; it is opened again from what is saved.',
  );
};

export const loginTimedOut = (): ConnectionLost =>
  lost('transient', 'login_timed_out', 'WhatsApp took the connection but did not let us in within its time.');

const INTERNAL_SERVER_ERROR = 500;

/** An HTTP status instead of a WebSocket. It says nothing of the account: only a login does. */
export const upgradeRefused = (status: number): ConnectionLost =>
  status >= INTERNAL_SERVER_ERROR
    ? lost(
        'transient',
        'service_unavailable',
        `WhatsApp is not available at the moment (HTTP ${status}); it is tried again.`,
      )
    : lost(
        'transient',
        'upgrade_refused',
        `WhatsApp, or something on the way to it, answered HTTP ${status} instead of opening a connection. Look for a proxy or a firewall in between; it is tried again.`,
      );

export const restartLoop = (): ConnectionLost =>
  lost('transient', 'restart_loop', 'WhatsApp asked for one restart after the other; it is tried again later.');

/** The reasons of `<failure>` and `<stream:error>` that Baileys does not name (WhatsApp Web's own numbers). */
const TEMPORARILY_BANNED = 402;
const CLIENT_OUTDATED = 405;

const statusOf = (error: unknown): number | null => {
  if (typeof error !== 'object' || error === null || !('output' in error)) return null;
  const { output } = error;
  if (typeof output !== 'object' || output === null || !('statusCode' in output)) return null;
  return typeof output.statusCode === 'number' ? output.statusCode : null;
};

/** After pairing, and now and then: the server wants us to come again at once. */
export const wantsRestart = (error: unknown): boolean => statusOf(error) === DisconnectReason.restartRequired;

/**
 * Baileys ends the socket so when the last QR code has expired (its `socket.js`); the status is that of any time-out.
 */
const isUnpaired = (error: unknown): boolean => error instanceof Error && /^QR refs/.test(error.message);

/** What a closed socket means. */
export const lossOf = (error: unknown): ConnectionLost => {
  if (isUnpaired(error)) return pairingTimedOut();
  const status = statusOf(error);
  switch (status) {
    case DisconnectReason.loggedOut:
      return lost(
        'loggedOut',
        'logged_out',
        'The phone removed this linked device, or WhatsApp did. Connect again to pair anew.',
      );
    case DisconnectReason.connectionReplaced:
      return lost(
        'refused',
        'session_replaced',
        'Another program uses this very session. Stop it, then connect again; if you cannot find it, log out and pair anew.',
      );
    case DisconnectReason.forbidden:
      return lost(
        'refused',
        'banned',
        'WhatsApp has banned this account. Open WhatsApp on the phone, which explains it and lets you ask for a review.',
      );
    case TEMPORARILY_BANNED:
      return lost(
        'refused',
        'account_restricted',
        'WhatsApp has restricted this account for some time. Leave it alone until the phone shows that the restriction is over.',
      );
    case CLIENT_OUTDATED:
      return lost(
        'refused',
        'client_outdated',
        'WhatsApp no longer takes the client version of this build; upgrade the service.',
      );
    case DisconnectReason.multideviceMismatch:
      return lost(
        'refused',
        'multidevice_mismatch',
        'The phone does not take part in linked devices. Update WhatsApp on the phone, then pair again.',
      );
    case DisconnectReason.badSession:
      return lost('transient', 'bad_session', 'WhatsApp ended the session with an internal error; it is opened again.');
    case DisconnectReason.unavailableService:
      return lost('transient', 'service_unavailable', 'WhatsApp is not available at the moment; it is tried again.');
    case DisconnectReason.timedOut:
      return lost('transient', 'connection_lost', 'WhatsApp cannot be reached, or stopped answering.');
    case DisconnectReason.connectionClosed:
      return lost('transient', 'connection_lost', 'WhatsApp closed the connection; it is opened again.');
    default:
      return lost(
        'transient',
        'unreachable',
        status === null ? 'The connection to WhatsApp failed.' : `The connection to WhatsApp failed (${status}).`,
      );
  }
};
