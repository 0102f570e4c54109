import type { WASocket } from '@whiskeysockets/baileys';
import type { PairingOffer } from '../../domain/pairing.ts';

/** How long Baileys shows the first QR code, and each further one (its `socket.js`). */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** All QR codes of a connection together: so long the server waits, for a code typed into the phone too. */
const CODE_MS = FIRST_QR_MS + 5 * NEXT_QR_MS;

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
      const code = await socket.requestPairingCode(phoneNumber);
      offer({ kind: 'code', code, phoneNumber, expiresAt: now() + CODE_MS });
    } catch {
      onRefused();
    }
  }
}
