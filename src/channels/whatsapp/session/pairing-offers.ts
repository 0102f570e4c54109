import type { WASocket } from '@whiskeysockets/baileys';
import type { PairingOffer } from '../../../domain/pairing.ts';

/** How long Baileys shows the first QR code, and each further one (its `socket.js`). */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** All QR codes of a connection together: so long the server waits, for a code typed into the phone too. */
const CODE_MS = FIRST_QR_MS + 5 * NEXT_QR_MS;
/** How long a server that does not want the request has time to say so. */
const REFUSAL_MS = 3_000;

const TAKEN = 'CB:iq,type:result';
const REFUSED = 'CB:iq,type:error';

/**
 * Whether the server leaves us the code: it does unless it says otherwise. Baileys does not wait for its answer, and
 * what comes when the code is typed is a notification of its own (its `messages-recv.js`).
 */
const answerOf = (socket: WASocket): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const take = (): void => resolve(true);
  const refuse = (): void => resolve(false);
  // Baileys takes all listeners off a socket that it closes, so that this may be the only one to answer.
  const timer = setTimeout(take, REFUSAL_MS).unref();
  socket.ws.on(TAKEN, take);
  socket.ws.on(REFUSED, refuse);
  socket.ws.on('close', refuse);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.ws.off(TAKEN, take);
    socket.ws.off(REFUSED, refuse);
    socket.ws.off('close', refuse);
  });
};

export interface OffersOf {
  /** Digits; null: by QR. */
  readonly pairWith: string | null;
  readonly now: () => number;
  readonly offer: (offer: PairingOffer) => void;
  /** The server does not take the request for a code. */
  readonly onRefused: () => void;
}

/** What a person is shown to pair: each QR code as it comes, or one code for the phone. */
export class PairingOffers {
  readonly #of: OffersOf;
  #offered = false;

  constructor(of: OffersOf) {
    this.#of = of;
  }

  /** Baileys has a QR code to show, which also means that the server is ready to pair. */
  onQr(socket: WASocket, qr: string): void {
    const { pairWith, now, offer } = this.#of;
    const isFirst = !this.#offered;
    this.#offered = true;
    if (pairWith === null) {
      offer({ kind: 'qr', qr, expiresAt: now() + (isFirst ? FIRST_QR_MS : NEXT_QR_MS) });
    } else if (isFirst) {
      void this.#askForCode(socket, pairWith);
    }
  }

  async #askForCode(socket: WASocket, phoneNumber: string): Promise<void> {
    const { now, offer, onRefused } = this.#of;
    try {
      const answer = answerOf(socket);
      const code = await socket.requestPairingCode(phoneNumber);
      if (await answer) offer({ kind: 'code', code, phoneNumber, expiresAt: now() + CODE_MS });
      else onRefused();
    } catch {
      onRefused();
    }
  }
}
