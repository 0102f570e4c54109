import { generateMessageIDV2, type proto, type WASocket } from '@whiskeysockets/baileys';
import { Effect } from 'effect';
import { type PlatformFailure, Unreachable } from '../../platform-failure.ts';
import type { AwaitedAnswers, HistoryNotification } from '../keeping/awaited-answers.ts';
import { NOT_CONNECTED } from '../not-connected.ts';
import { sendToPhone } from './phone-message.ts';

/** How often a request is sent again that the phone could not read. */
const MOST_RESENT = 2;

/** What a request depends on besides the phone. */
export interface Line {
  /** Null: there is no connection at the moment. */
  readonly socket: () => WASocket | null;
  /**
   * `fails` when the socket of this moment is gone, or when the server refuses this message; `again` when the phone could
   * not read it. Returns how to stop.
   */
  readonly watch: (
    requestId: string,
    watcher: { readonly fails: (failure: PlatformFailure) => void; readonly again: () => void },
  ) => () => void;
}

export const notConnected = (): Unreachable => new Unreachable({ message: NOT_CONNECTED });

type Result = Effect.Effect<HistoryNotification, PlatformFailure>;

export interface PhoneRequestOf {
  readonly socket: WASocket;
  readonly line: Line;
  readonly awaited: AwaitedAnswers;
  readonly message: proto.IMessage;
  /** How long the phone may take, ms. */
  readonly limitMs: number;
  /** Told at most once what became of it, unless it is abandoned before. */
  readonly result: (result: Result) => void;
}

/**
 * One request to the phone. It is `awaited` until it is answered, refused or lost. When nobody waits for its answer
 * any more it is `abandoned`, which changes nothing for the phone: the answer may still come, and is then kept like
 * what the phone pushes. Either way it is `over` when the phone has had its time.
 */
export class PhoneRequest {
  /** Resolves when it is not on its way any more. */
  readonly over: Promise<void>;
  readonly #of: PhoneRequestOf;
  readonly #id: string;
  readonly #end: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #ignore: () => boolean;
  readonly #unwatch: () => void;
  /** Of an abandoned one: how to let go of its answer. */
  #forget = (): void => {};
  #resent = 0;

  constructor(of: PhoneRequestOf) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#end = resolve;
    this.#of = of;
    this.#id = generateMessageIDV2(of.socket.user?.id);
    this.#timer = setTimeout(() => this.#finish(), of.limitMs);
    this.#ignore = of.awaited.expect(this.#id, (answer) => this.#finish(Effect.succeed(answer)));
    this.#unwatch = of.line.watch(this.#id, {
      fails: (failure) => this.#finish(Effect.fail(failure)),
      again: () => {
        if (this.#resent++ < MOST_RESENT) this.send();
      },
    });
  }

  send(): void {
    const { socket, message } = this.#of;
    sendToPhone(socket, this.#id, message).catch(() => this.#finish(Effect.fail(notConnected())));
  }

  /** Nobody waits any more. */
  abandon(): void {
    if (this.#ignore()) this.#forget = this.#of.awaited.abandon(this.#id, () => this.#finish());
  }

  #finish(result?: Result): void {
    clearTimeout(this.#timer);
    this.#unwatch();
    this.#forget();
    this.#end();
    if (result !== undefined) this.#of.result(result);
  }
}
