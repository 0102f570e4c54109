/** Something that no client of the real server would do, or that the simulator does not know. */
export interface Violation {
  /** ms */
  readonly at: number;
  /** Phone number of the account; null before anybody logged in. */
  readonly account: string | null;
  readonly part: string;
  readonly message: string;
}

export interface LoggedStanza {
  readonly at: number;
  readonly account: string | null;
  readonly deviceId: number | null;
  readonly tag: string;
  readonly attrs: Readonly<Record<string, string>>;
  /** Tag of the first child. */
  readonly child: string | null;
}

export interface LoggedReceipt {
  readonly at: number;
  readonly account: string;
  readonly deviceId: number;
  readonly id: string;
  /** `hist_sync`, `peer_msg`, `sender`, `inactive`, `retry`, `read`, …; null: delivered. */
  readonly type: string | null;
  readonly to: string;
}

/** One on-demand request for history, as the phone saw it. */
export interface HistoryRequest {
  readonly at: number;
  readonly account: string;
  /** Id of the stanza: the `peerDataRequestSessionId` of the answer. */
  readonly id: string;
  readonly chatJid: string;
  /** Name of the chat; null: there is none. */
  readonly chat: string | null;
  readonly anchorId: string;
  readonly asked: number;
  outcome: 'waiting' | 'answered' | 'silent' | 'dropped' | 'refused';
  answeredAt: number | null;
  answered: number;
  endOfHistory: 0 | 1 | 2 | null;
  /** Nothing older was left when it was asked: the owner of a real phone sees a notification. */
  shownOnPhone: boolean;
}

const REMEMBERED = 20_000;

/** What a watcher sees: an entry of the log, a message on its way to a device, or a request for a file. */
export type Sight = 'violation' | 'stanza' | 'receipt' | 'historyRequest' | 'delivery' | 'download';

/** What clients did. Holds no content of messages and no key. */
export class TrafficLog {
  readonly violations: Violation[] = [];
  readonly stanzas: LoggedStanza[] = [];
  readonly receipts: LoggedReceipt[] = [];
  readonly historyRequests: HistoryRequest[] = [];
  /** The most on-demand requests of one account that were waiting for an answer at the same time. */
  readonly mostInFlight = new Map<string, number>();
  readonly #watchers = new Set<(sight: Sight) => void>();

  /**
   * What others see of a client: that it is online, that it types, that it read something. A quiet one does none of it.
   */
  get indiscretions(): readonly LoggedStanza[] {
    return this.stanzas.filter(
      ({ tag, attrs: { type } }) =>
        tag === 'chatstate' ||
        (tag === 'presence' && type !== 'unavailable' && type !== undefined) ||
        (tag === 'receipt' && (type === 'read' || type === 'read-self' || type === 'played')),
    );
  }

  violate(violation: Violation): void {
    this.violations.push(violation);
    this.#tell('violation');
  }

  stanza(stanza: LoggedStanza): void {
    this.stanzas.push(stanza);
    if (this.stanzas.length > REMEMBERED) this.stanzas.shift();
    this.#tell('stanza');
  }

  receipt(receipt: LoggedReceipt): void {
    this.receipts.push(receipt);
    this.#tell('receipt');
  }

  /** `timeoutMs`: an unanswered request counts as in flight so long. */
  historyRequest(request: HistoryRequest, timeoutMs: number): void {
    this.historyRequests.push(request);
    const inFlight = this.historyRequests.filter(
      ({ account, outcome, at }) =>
        account === request.account && outcome !== 'answered' && outcome !== 'refused' && request.at - at < timeoutMs,
    ).length;
    this.mostInFlight.set(request.account, Math.max(inFlight, this.mostInFlight.get(request.account) ?? 0));
    this.#tell('historyRequest');
  }

  /** The most on-demand requests of an account in any window of `windowMs`, half open. */
  mostRequests(windowMs: number, account?: string): number {
    const instants = this.historyRequests
      .filter((request) => account === undefined || request.account === account)
      .map(({ at }) => at);
    let most = 0;
    let first = 0;
    for (const [last, at] of instants.entries()) {
      while (at - (instants[first] ?? at) >= windowMs) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  /** Something that leaves no entry. */
  seen(sight: 'delivery' | 'download'): void {
    this.#tell(sight);
  }

  /** Calls in the very turn of each sight: before a file is given, after a message was sent. Returns how to stop. */
  watch(watcher: (sight: Sight) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  clear(): void {
    for (const list of [this.violations, this.stanzas, this.receipts, this.historyRequests]) list.length = 0;
    this.mostInFlight.clear();
  }

  #tell(sight: Sight): void {
    for (const watcher of this.#watchers) watcher(sight);
  }
}
