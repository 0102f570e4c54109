import { type proto, toNumber } from '@whiskeysockets/baileys';
import type { Faults } from '../faults/faults.ts';
import type { MediaHost } from '../media/media-host.ts';
import type { Device } from '../server/device.ts';
import type { HistoryRequest, TrafficLog } from '../server/traffic-log.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import type { Chat } from '../world/chat.ts';
import { HeldAnswers } from './held-answers.ts';
import { sendHistory } from './history-sender.ts';
import { endOf } from './history-sync.ts';
import type { Phone } from './phone.ts';

export interface OnDemandOptions {
  /** More than `requests` within `withinMs`: the phone drops what is above, and says nothing. */
  readonly burst: { readonly requests: number; readonly withinMs: number } | null;
  /** How long a request without answer counts as in flight, ms. */
  readonly inFlightMs: number;
}

export const ON_DEMAND_OPTIONS: OnDemandOptions = {
  burst: { requests: 5, withinMs: 5_000 },
  inFlightMs: 20_000,
};

/** A phone never sends more at a time. */
const MOST_MESSAGES = 50;

export interface OnDemandParts {
  readonly phone: Phone;
  readonly media: MediaHost;
  readonly log: TrafficLog;
  readonly faults: Faults;
  readonly options: OnDemandOptions;
  readonly now: () => number;
}

type Ask = proto.Message.PeerDataOperationRequestMessage.IHistorySyncOnDemandRequest;

/** Where in a chat a request begins: everything before `index` is older. */
interface Anchored {
  readonly chat: Chat;
  readonly index: number;
  readonly count: number;
}

/** Answers requests for older history, one page at a time. */
export class OnDemandDesk {
  readonly #parts: OnDemandParts;
  readonly #late = new HeldAnswers();
  #instants: number[] = [];

  constructor(parts: OnDemandParts) {
    this.#parts = parts;
  }

  /** `id`: of the stanza that asked. Throws `ProtocolError` for what no real client would ask. */
  async ask(device: Device, id: string, ask: Ask): Promise<void> {
    const { log, options, phone } = this.#parts;
    const { world } = phone.account;
    const chat = world.chatAt(ask.chatJid ?? '') ?? null;
    const request: HistoryRequest = {
      at: this.#parts.now(),
      account: world.phoneNumber,
      id,
      chatJid: ask.chatJid ?? '',
      chat: chat?.name ?? null,
      anchorId: ask.oldestMsgId ?? '',
      asked: ask.onDemandMsgCount ?? 0,
      outcome: 'waiting',
      answeredAt: null,
      answered: 0,
      endOfHistory: null,
      shownOnPhone: false,
    };
    log.historyRequest(request, options.inFlightMs);
    if (this.#isBurst(request.at)) {
      request.outcome = 'dropped';
      return;
    }
    try {
      await this.#answer(device, request, this.#check(chat, ask));
    } catch (error) {
      if (error instanceof ProtocolError) request.outcome = 'refused';
      throw error;
    }
  }

  #isBurst(at: number): boolean {
    const { burst } = this.#parts.options;
    if (burst === null) return false;
    this.#instants = [...this.#instants.filter((instant) => at - instant < burst.withinMs), at];
    return this.#instants.length > burst.requests;
  }

  #check(chat: Chat | null, ask: Ask): Anchored {
    if (chat === null) throw new ProtocolError('onDemand', `there is no chat ${ask.chatJid}`);
    const index = chat.messages.findIndex(({ id }) => id === ask.oldestMsgId);
    const anchor = chat.messages[index];
    if (anchor === undefined) throw new ProtocolError('onDemand', `no message ${ask.oldestMsgId} in ${chat.name}`);
    if ((ask.oldestMsgFromMe ?? false) !== (anchor.author === null)) {
      throw new ProtocolError('onDemand', `oldestMsgFromMe is wrong for ${anchor.id}`);
    }
    const asked = toNumber(ask.oldestMsgTimestampMs);
    if (asked !== anchor.at * 1000) {
      throw new ProtocolError('onDemand', `oldestMsgTimestampMs is ${asked}, the message is of ${anchor.at * 1000}`);
    }
    const count = ask.onDemandMsgCount ?? 0;
    if (count < 1) throw new ProtocolError('onDemand', `onDemandMsgCount is ${count}`);
    return { chat, index, count: Math.min(count, MOST_MESSAGES) };
  }

  async #answer(device: Device, request: HistoryRequest, { chat, index, count }: Anchored): Promise<void> {
    const { faults, phone, media, now } = this.#parts;
    const { world } = phone.account;
    const strikes = <
      K extends
        | 'silentPhone'
        | 'halfAnswer'
        | 'repeatPage'
        | 'emptyAnswer'
        | 'lateAnswer'
        | 'twice'
        | 'anonymousAnswer'
        | 'unmappedAnswer',
    >(
      kind: K,
    ) => faults.take(kind, world, undefined, chat.name);
    request.shownOnPhone = index === 0;
    if (strikes('silentPhone') !== null) {
      request.outcome = 'silent';
      return;
    }
    const isEmpty = strikes('emptyAnswer') !== null;
    const half = strikes('halfAnswer');
    const length = chat.messages.length;
    const to = strikes('repeatPage') === null ? index : length;
    const wanted = isEmpty ? 0 : half === null ? count : (half.messages ?? Math.ceil(count / 2));
    const messages = chat.messages.slice(Math.max(0, to - wanted), to);
    const isEnd = !isEmpty && endOf(chat, messages[0] ?? (to === 0 ? undefined : chat.messages[to])) === 1;
    const end = isEnd || (index === 0 && !isEmpty) ? 1 : 2;
    const isTwice = strikes('twice') !== null;
    const requestId = strikes('anonymousAnswer') === null ? request.id : null;
    const shown: Chat = strikes('unmappedAnswer') === null ? chat : { ...chat, addressing: 'lid' };
    const send = async (): Promise<void> => {
      const piece = {
        syncType: 'ON_DEMAND',
        stretches: [{ chat: shown, messages, end }],
        chunkOrder: 1,
        progress: null,
      } as const;
      for (let left = isTwice ? 2 : 1; left > 0; left--) {
        await sendHistory(phone, media, device, piece, { inlineBytes: -1, requestId });
      }
      request.outcome = 'answered';
      request.answeredAt = now();
      request.answered = messages.length;
      request.endOfHistory = end;
    };
    const late = strikes('lateAnswer');
    if (late === null) await send();
    else this.#late.hold(late.ms ?? null, send);
  }

  /** Lets go of answers that a `lateAnswer` fault holds. */
  release(): Promise<void> {
    return this.#late.release();
  }

  close(): void {
    this.#late.close();
  }
}
