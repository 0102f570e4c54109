import type { LoggedRequest, RequestLog } from '../simulators/discord/request-log.ts';

const MESSAGES = '/channels/:channelId/messages';
/** What the gateway library asks to log in is no request of a job, and costs no permit. */
const LOGIN = '/gateway/bot';

export type Kind = 'messages' | 'contacts';

/** Every request that reached the simulated Discord, in order. */
export class Traffic {
  readonly all: LoggedRequest[] = [];

  constructor(log: RequestLog) {
    log.onRequest((request) => this.all.push(request));
  }

  get total(): number {
    return this.all.length;
  }

  get refused(): readonly LoggedRequest[] {
    return this.all.filter(({ status }) => status === 429);
  }

  of(kind: Kind): readonly LoggedRequest[] {
    return this.all.filter(({ route }) => (kind === 'messages') === (route === MESSAGES) && route !== LOGIN);
  }

  /** The requests of a kind in [from, to). */
  between(kind: Kind, from: number, to: number): readonly LoggedRequest[] {
    return this.of(kind).filter(({ at }) => at >= from && at < to);
  }

  /** The most requests of a kind in any window, half open. */
  most(kind: Kind, windowMs: number): number {
    const instants = this.of(kind).map(({ at }) => at);
    let [most, first] = [0, 0];
    for (const [last, at] of instants.entries()) {
      while (at - (instants[first] ?? at) >= windowMs) first++;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  /** The first request after an instant, whatever it is for. */
  after(at: number, channelId: string | null = null): LoggedRequest | null {
    return this.all.find((one) => one.at > at && (channelId === null || one.channelId === channelId)) ?? null;
  }
}
