import {
  type BaileysEventMap,
  Browsers,
  makeWASocket,
  type SocketConfig,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { HistoryDepth } from '../../domain/pairing.ts';
import type { AuthState } from './auth-state.ts';
import { containFaults } from './contained.ts';

/** Hears an event of the library when it happens, after the library itself did. */
export type Hear = <Name extends keyof BaileysEventMap>(name: Name, event: BaileysEventMap[Name]) => void;

export interface SocketOf {
  readonly state: AuthState;
  readonly makeSignalRepository: SocketConfig['makeSignalRepository'];
  readonly historyDepth: HistoryDepth;
  /** Null: WhatsApp's own. */
  readonly socketUrl: string | null;
  readonly logger: SocketConfig['logger'];
  readonly hear: Hear;
  readonly onFault: (error: unknown) => void;
}

/**
 * A socket of Baileys that only listens: not marked online, no presence, no read receipts, no polling, no files.
 *
 * Baileys processes no history: it would take it apart in memory, beside our kept copy, merge it with other events and
 * remove what it has seen before. What it would have done besides, we do: LID mappings (`pushed.ts`) and the app state
 * (`app-state.ts`). So it need not wait for history after a login either.
 *
 * Its events are heard as they are emitted: its buffer merges an edit or a deletion into the message that it changes.
 */
export const openSocket = (of: SocketOf): WASocket => {
  const { state, historyDepth, socketUrl, hear } = of;
  const isFull = historyDepth === 'full';
  const socket = makeWASocket({
    ...(socketUrl === null ? {} : { waWebSocketUrl: socketUrl }),
    auth: state,
    logger: of.logger,
    makeSignalRepository: of.makeSignalRepository,
    // A desktop is given the whole history, a browser the last months of it.
    browser: Browsers.macOS(isFull ? 'Desktop' : 'Chrome'),
    syncFullHistory: isFull,
    shouldSyncHistoryMessage: () => false,
    markOnlineOnConnect: false,
    generateHighQualityLinkPreview: false,
    // The vault is written once: whether it succeeded decides over the connection.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    getMessage: async () => undefined,
  });
  containFaults(socket.ws, of.onFault);
  const emit = socket.ev.emit.bind(socket.ev);
  socket.ev.emit = (name, event) => {
    const told = emit(name, name === 'creds.update' ? withName(event, state) : event);
    try {
      hear(name, event);
    } catch (error) {
      of.onFault(error);
    }
    return told;
  };
  return socket;
};

/** Baileys tells the server of a new push name when an update of the credentials names none: we say nothing unasked. */
const withName = <Event>(event: Event, { creds }: AuthState): Event =>
  typeof event !== 'object' || event === null || 'me' in event || creds.me === undefined
    ? event
    : { ...event, me: creds.me };
