import { proto } from '@whiskeysockets/baileys';
import { Duration, Effect } from 'effect';
import type { Anchor } from '../../../domain/anchor.ts';
import type { Message } from '../../../domain/message.ts';
import type { HeldMessage, HistoryRequest, MessageHistory, MessagePage } from '../../channel.ts';
import { BadAnswer, NoAnchor, type PlatformFailure, RateLimited, Silent } from '../../platform-failure.ts';
import type { AddressBook } from '../addresses/address-book.ts';
import type { ChatAddresses } from '../addresses/chat-addresses.ts';
import type { AwaitedAnswers, HistoryNotification } from '../keeping/awaited-answers.ts';
import { answerAbout } from './answer-about.ts';
import { type HistoryFiles, readHistory } from './history-blob.ts';
import { type ChunkSpan, type HistoryChunk, readChunk } from './history-chunk.ts';
import { type Line, notConnected, PhoneRequest } from './phone-request.ts';

/** A phone gives at most 50 for one request, whatever is asked for. */
const PAGE_SIZE = 50;
const ANSWER_LIMIT_MS = 30_000;
/** The server's way to say "too much" in an `<ack error>`. */
const OVERLIMIT = '429';

export interface HistoryOf {
  readonly line: Line;
  readonly awaited: AwaitedAnswers;
  readonly book: AddressBook;
  readonly files: HistoryFiles;
  readonly now: () => number;
  readonly learn: (told: Pick<HistoryChunk, 'pairs' | 'chats'>) => Promise<void>;
  /** Under which address the phone knows a chat. */
  readonly addresses: Pick<ChatAddresses, 'of' | 'unanswered'>;
  readonly answerTimeoutMs: number | null;
}

const bad = (message: string): BadAnswer => new BadAnswer({ message, raw: null });

/** What the server's refusal of a message means. */
export const refusalOf = (code: string): PlatformFailure =>
  code === OVERLIMIT
    ? new RateLimited({ scope: 'instance', retryAfterMs: null, message: 'WhatsApp limits requests for history.' })
    : bad(`WhatsApp refused the request for history (${code}).`);

const requestOf = (externalId: string, from: HeldMessage, limit: number): proto.IMessage => ({
  protocolMessage: {
    type: proto.Message.ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_MESSAGE,
    peerDataOperationRequestMessage: {
      peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.HISTORY_SYNC_ON_DEMAND,
      historySyncOnDemandRequest: {
        chatJid: externalId,
        oldestMsgId: from.externalId,
        oldestMsgFromMe: from.isFromMe,
        oldestMsgTimestampMs: from.at,
        onDemandMsgCount: Math.min(PAGE_SIZE, Math.max(1, limit)),
      },
    },
  },
});

const anchorOf = ({ timestamp, externalId }: Message): Anchor => ({ at: timestamp, id: externalId });

/** Within a second the phone's order counts, which the anchor's time alone does not tell. */
const isBelow = (from: HeldMessage) => (entry: { readonly externalId: string | null; readonly at: number }) =>
  entry.externalId !== from.externalId && entry.at <= from.at;

const isFurther = (place: Anchor, before: Anchor): boolean =>
  place.at < before.at || (place.at === before.at && place.id !== before.id);

/** What of an answer lies below the anchor, as a page. Fails where the answer proves nothing. */
const pageOf = (
  span: ChunkSpan | undefined,
  { from, before }: { readonly from: HeldMessage; readonly before: Anchor | null },
  requestedAt: number,
): Effect.Effect<MessagePage, BadAnswer> => {
  const given = span?.messages ?? [];
  const below = isBelow(from);
  const messages = given.filter((message) => below({ externalId: message.externalId, at: message.timestamp }));
  const malformed = (span?.malformed ?? []).filter(({ externalId, at }) => at === null || below({ externalId, at }));
  const places: readonly Anchor[] = [
    // A reaction is no place: the phone knows it by the message to which it belongs.
    ...messages.filter(({ type }) => type !== 'reaction').map(anchorOf),
    ...malformed.flatMap(({ externalId, at }) => (at === null ? [] : [{ at, id: externalId }])),
  ];
  const [newest = null, oldest = null] = [
    places.reduce<Anchor | undefined>(
      (top, place) => (top === undefined || place.at > top.at ? place : top),
      undefined,
    ),
    places.reduce<Anchor | undefined>(
      (end, place) => (end === undefined || place.at <= end.at ? place : end),
      undefined,
    ),
  ];
  if (places.length === 0) {
    if (given.length > 0) return Effect.fail(bad('The phone repeated messages that it had given before.'));
    if (span?.atStart !== true)
      return Effect.fail(bad('The phone answered with nothing, and did not say that there is nothing.'));
  }
  const atStart = span?.atStart === true;
  if (!atStart && before !== null && oldest !== null && !isFurther(oldest, before))
    return Effect.fail(bad('The phone gave nothing older than what is held below the message that it was asked with.'));
  return Effect.succeed({
    messages,
    newest,
    oldest,
    atStart,
    malformed,
    changes: { edited: span?.edited ?? [], deleted: span?.deleted ?? [] },
    requestedAt,
    quota: null,
  });
};

/** Reads what a phone gives only when asked: one request, answered by a history notification that names it. */
export const whatsappHistory = (of: HistoryOf): MessageHistory => {
  const { line, awaited, book, files, now, learn } = of;
  const limitMs = of.answerTimeoutMs ?? ANSWER_LIMIT_MS;
  let busy = false;

  /** Resolves when no request is on its way. */
  let onItsWay: Promise<void> = Promise.resolve();

  const ask = (message: proto.IMessage): Effect.Effect<HistoryNotification, PlatformFailure> =>
    Effect.callback<HistoryNotification, PlatformFailure>((resume) => {
      const socket = line.socket();
      if (socket === null) return resume(Effect.fail(notConnected()));
      const request = new PhoneRequest({ socket, line, awaited, message, limitMs, result: resume });
      onItsWay = request.over;
      request.send();
      return Effect.sync(() => request.abandon());
    }).pipe(
      Effect.timeoutOrElse({
        duration: Duration.millis(limitMs),
        orElse: () =>
          Effect.fail(
            new Silent({
              message: `The phone did not answer within ${limitMs / 1000} s; it may be off, or asked too often.`,
            }),
          ),
      }),
    );

  return {
    pageSize: PAGE_SIZE,
    read: Effect.fnUntraced(function* ({ externalId, before, from, limit }: HistoryRequest) {
      if (from === undefined)
        return yield* new NoAnchor({ message: 'WhatsApp reads only below a message that is held, and none is.' });
      if (busy) return yield* bad('Another request for history is on its way; WhatsApp answers one at a time.');
      busy = true;
      return yield* Effect.gen(function* () {
        yield* Effect.promise(() => onItsWay);
        const address = yield* Effect.tryPromise({ try: () => of.addresses.of(externalId), catch: notConnected });
        const requestedAt = now();
        const notification = yield* ask(requestOf(address, from, limit)).pipe(
          Effect.tapError((failure) =>
            Effect.sync(() => {
              if (failure._tag === 'Silent') of.addresses.unanswered(address);
            }),
          ),
        );
        const history = yield* readHistory(files, notification);
        const chunk = yield* Effect.promise(() => readChunk({ history, also: [externalId], book, now: now() }));
        yield* Effect.promise(() => learn(chunk));
        const wanted = chunk.canonical(externalId);
        const span = answerAbout(wanted, chunk).find(({ conversation }) => conversation.externalId === wanted);
        return yield* pageOf(span, { from, before }, requestedAt);
      }).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            busy = false;
          }),
        ),
      );
    }),
  };
};
