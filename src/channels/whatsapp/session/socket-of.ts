import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';
import type { InstanceId } from '../../../domain/ids.ts';
import type { Log } from '../../../domain/log.ts';
import type { HistoryDepth } from '../../../domain/pairing.ts';
import type { OwnMessages } from '../history/own-messages.ts';
import type { AwaitedAnswers } from '../keeping/awaited-answers.ts';
import type { IncomingHistory } from '../keeping/incoming-history.ts';
import { keepPlainNews } from '../keeping/plain-news.ts';
import { durableRepository } from '../keeping/signal-repository.ts';
import type { AuthState } from '../keys/auth-state.ts';
import { baileysLogger } from '../socket/baileys-logger.ts';
import { SeenStanzas } from '../socket/seen-stanzas.ts';
import { type Hear, openSocket } from '../socket/session-socket.ts';

export interface SocketSetting {
  readonly instanceId: InstanceId;
  readonly historyDepth: HistoryDepth;
  readonly socketUrl: string | null;
  readonly mediaUrl: string | null;
  readonly log: Log;
  readonly now: () => number;
  readonly queryTimeoutMs: number | null;
}

/** What a session gives its socket to work with, and hears of it. */
export interface SocketParts {
  readonly setting: SocketSetting;
  readonly state: AuthState;
  readonly awaited: AwaitedAnswers;
  readonly incoming: IncomingHistory;
  readonly own: OwnMessages;
  /** False once this socket decrypts nothing more. */
  readonly isCurrent: () => boolean;
  readonly hear: Hear;
  readonly missed: (stanza: BinaryNode) => void;
  /** The server has let us in. */
  readonly letIn: () => void;
  /** The server answered with an HTTP status instead of a connection. */
  readonly refused: (status: number) => void;
  /** A collection of the app state could not be read, or a part of it not. */
  readonly troubled: (collection: string) => void;
  readonly onFault: (error: unknown) => void;
}

/** A socket whose messages are kept before they are acknowledged. */
export const socketOf = (parts: SocketParts): WASocket => {
  const { state, awaited, incoming, own, isCurrent, hear, missed, onFault } = parts;
  const { instanceId, historyDepth, socketUrl, mediaUrl, log, now, queryTimeoutMs } = parts.setting;
  const stanzas = new SeenStanzas();
  const socket = openSocket({
    state,
    stanzas,
    makeSignalRepository: durableRepository({ state, stanzas, awaited, incoming, now, missed, isCurrent }),
    historyDepth,
    socketUrl,
    mediaUrl,
    queryTimeoutMs,
    logger: baileysLogger(log, instanceId, parts.troubled),
    hear,
    flanks: {
      'CB:message': { before: keepPlainNews({ state, awaited, incoming, now }) },
      // Baileys renews the session with the phone, and knows nothing of the message.
      'CB:receipt': { after: (receipt) => own.onReceipt(receipt) },
      'CB:success': {
        before: () => {
          parts.letIn();
          return null;
        },
      },
    },
    onFault,
  });
  // Baileys listens to it without doing anything about it, which keeps the library below from hanging up.
  socket.ws.on('unexpected-response', (_: unknown, { statusCode }: { readonly statusCode?: number }) =>
    parts.refused(statusCode ?? 0),
  );
  return socket;
};
