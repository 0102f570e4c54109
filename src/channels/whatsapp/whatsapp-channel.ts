import { Effect } from 'effect';
import { messageOf } from '../../domain/errors.ts';
import { type Log, silentLog } from '../../domain/log.ts';
import type { Channel, Connection, OpenRequest } from '../channel.ts';
import { Unreachable } from '../platform-failure.ts';
import { refuseCredentials } from './credentials.ts';
import { whatsappDirectory } from './directory.ts';
import { whatsappHistory } from './history/history.ts';
import { pushReader } from './history/pushed.ts';
import { contactSurvey, groupSurvey } from './people.ts';
import { Session } from './session/session.ts';

export interface WhatsAppChannelOptions {
  /** Such as `ws://127.0.0.1:4001/ws/chat`; null: WhatsApp's own. */
  readonly socketUrl?: string | null;
  /** Base such as `http://127.0.0.1:4001`; null: WhatsApp's own. */
  readonly mediaUrl?: string | null;
  readonly log?: Log;
  readonly now?: () => number;
  /** How long the phone may take to answer a request for history, ms. */
  readonly answerTimeoutMs?: number;
  /** How long a login may take, ms. */
  readonly loginLimitMs?: number;
  /** How long WhatsApp may take to answer any other query, ms. */
  readonly queryTimeoutMs?: number;
}

/** WhatsApp behind the seam, through Baileys: a linked device that listens, and asks the phone for history. */
export const whatsappChannel = (options: WhatsAppChannelOptions): Channel => {
  const { socketUrl = null, mediaUrl = null, log = silentLog, now = Date.now } = options;
  const files = { mediaUrl };

  const connect = (request: OpenRequest): { readonly connection: Connection; readonly session: Session } => {
    const session = new Session({
      instanceId: request.instanceId,
      vault: request.vault,
      historyDepth: request.credentials.historyDepth ?? 'recent',
      pairWith: request.pairWith ?? null,
      socketUrl,
      mediaUrl,
      log,
      now,
      report: request.report,
      loginLimitMs: options.loginLimitMs ?? null,
      queryTimeoutMs: options.queryTimeoutMs ?? null,
    });
    const { book, learn, awaited, socket, watch, incoming } = session;
    const arrivesUntil = (at: number): number | null => incoming.arrivesUntil(at);
    const connection: Connection = {
      directory: whatsappDirectory({ now, arrivesUntil }),
      history: whatsappHistory({
        line: { socket, watch },
        awaited,
        book,
        files,
        now,
        learn,
        addresses: session.addresses,
        answerTimeoutMs: options.answerTimeoutMs ?? null,
      }),
      contacts: contactSurvey({ readAddressBook: () => session.readAddressBook(), arrivesUntil, now }),
      groups: groupSurvey({ fetchGroups: () => session.fetchGroups(), book, learn, now }),
      pushed: pushReader({ book, files, now, learn }),
      logOut: Effect.tryPromise({
        try: () => session.logOut(),
        catch: (error) => new Unreachable({ message: messageOf(error, 'WhatsApp could not be told.') }),
      }),
    };
    void session.start();
    return { connection, session };
  };

  return {
    name: 'whatsapp',
    traits: { pairs: true, readsBelow: 'held', hasAliases: true, requestsAtOnce: 1, datesEdits: false },
    refuseCredentials,
    open: (request) =>
      Effect.acquireRelease(
        Effect.sync(() => connect(request)),
        ({ session }) => Effect.promise(() => session.close()),
      ).pipe(Effect.map(({ connection }) => connection)),
  };
};
