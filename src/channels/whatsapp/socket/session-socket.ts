import {
  type BaileysEventMap,
  type BinaryNode,
  Browsers,
  makeWASocket,
  type SocketConfig,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { HistoryDepth } from '../../../domain/pairing.ts';
import type { AuthState } from '../keys/auth-state.ts';
import { limitAppStateReads } from './app-state-limit.ts';
import { containFaults } from './contained.ts';
import { type Flanks, flank } from './flanked.ts';
import { throughMediaHost } from './media-dispatcher.ts';
import { completePairing } from './pair-success.ts';
import type { SeenStanzas } from './seen-stanzas.ts';

/** Hears an event of the library when it happens, after the library itself did. */
export type Hear = <Name extends keyof BaileysEventMap>(name: Name, event: BaileysEventMap[Name]) => void;

export interface SocketOf {
  readonly state: AuthState;
  readonly makeSignalRepository: SocketConfig['makeSignalRepository'];
  readonly historyDepth: HistoryDepth;
  /** Null: WhatsApp's own. */
  readonly socketUrl: string | null;
  readonly mediaUrl: string | null;
  /** How long an answer to a query may take, ms; null: as long as Baileys lets it. */
  readonly queryTimeoutMs: number | null;
  readonly logger: SocketConfig['logger'];
  readonly hear: Hear;
  /** What is ours about a stanza, by Baileys' name for its event. */
  readonly flanks: Readonly<Record<string, Flanks>>;
  readonly onFault: (error: unknown) => void;
  readonly stanzas: SeenStanzas;
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
  const { state, historyDepth, socketUrl, mediaUrl, hear } = of;
  const isFull = historyDepth === 'full';
  const socket = makeWASocket({
    ...(socketUrl === null ? {} : { waWebSocketUrl: socketUrl }),
    ...(mediaUrl === null ? {} : { options: throughMediaHost(mediaUrl) }),
    ...(of.queryTimeoutMs === null ? {} : { defaultQueryTimeoutMs: of.queryTimeoutMs }),
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
  limitAppStateReads(socket.authState.keys);
  completePairing(socket, () => state.settled());
  for (const [name, flanks] of Object.entries(of.flanks)) flank(socket.ws, name, flanks);
  containFaults(socket.ws, of.onFault);
  // Emitted for every stanza before what is emitted for its kind.
  socket.ws.on('frame', (frame: BinaryNode) => of.stanzas.see(frame));
  const emit = socket.ev.emit.bind(socket.ev);
  socket.ev.emit = (name, event) => {
    const told = emit(name, name === 'creds.update' ? taken(event, state) : event);
    try {
      hear(name, event);
    } catch (error) {
      of.onFault(error);
    }
    return told;
  };
  return socket;
};

/**
 * An update of the credentials, taken in before Baileys does: it would show a `<presence>` to the server when the
 * update brings another push name than the credentials have, or none.
 */
const taken = <Event>(event: Event, { creds }: AuthState): Event => {
  Object.assign(creds, event);
  return creds.me === undefined ? event : { ...event, me: creds.me };
};
