import { Clock, Effect } from 'effect';
import type { Channel, ConnectionReport, Quota } from '../../src/channels/channel.ts';
import {
  AccessDenied,
  BadAnswer,
  type PlatformFailure,
  RateLimited,
  Unreachable,
} from '../../src/channels/platform-failure.ts';
import type { ListedContact } from '../../src/domain/contact.ts';
import { noPeople } from '../harness/no-people.ts';
import { ConversationModel } from '../sync/reading/platform-model.ts';

export type PlatformFault =
  | { readonly kind: 'denied' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'badAnswer' }
  /** The right answer, and word that nothing more is allowed for so long. */
  | { readonly kind: 'spent'; readonly resetMs: number }
  | { readonly kind: 'rateLimited'; readonly scope: 'instance' | 'conversation'; readonly retryAfterMs: number | null };

export interface Asked {
  readonly at: number;
  readonly kind: 'messages' | 'contacts' | 'login';
  readonly conversation: string | null;
}

const LATENCY_MS = 40;
const PAGE_SIZE = 4;
/** Shorter than this no cooldown may be where the platform named no time. */
const UNNAMED_MS = 60_000;

/** A platform with a few conversations, which answers after a moment, remembers who asked when, and fails on demand. */
export class ModelPlatform {
  readonly conversations: readonly ConversationModel[];
  /** Who is told of when contacts are asked for. */
  readonly contacts: ListedContact[] = [];
  /** Strike the next requests, one each. */
  readonly faults: PlatformFault[] = [];
  readonly asked: Asked[] = [];
  /** Requests that left although the platform had said stop. */
  readonly trespasses: Asked[] = [];
  readonly #quietUntil = new Map<string, number>();
  readonly #spentUntil = new Map<string, number>();
  #report: ((report: ConnectionReport) => void) | null = null;
  #account = '';
  #streams = 0;
  #continuity = '';

  constructor(names: readonly string[]) {
    this.conversations = names.map((name) => new ConversationModel(name));
  }

  get isConnected(): boolean {
    return this.#report !== null;
  }

  /** Somebody writes; told live while a connection is there. */
  post(conversation: ConversationModel, at: number): void {
    const message = conversation.post(at);
    const continuity = this.#continuity;
    this.#report?.({ type: 'messagesArrived', continuity, messages: [conversation.live(message)] });
  }

  /** The connection breaks off; `loss` ends it, otherwise it comes back by itself under a new session. */
  drop(loss: boolean): void {
    const report = this.#report;
    if (report === null) return;
    if (loss) {
      this.#report = null;
      report({ type: 'connectionLost', fate: 'transient', code: 'lost', message: 'It broke off.' });
    } else {
      report({ type: 'connectionInterrupted', message: 'It broke off.' });
      this.#opened(report);
    }
  }

  #opened(report: (report: ConnectionReport) => void): void {
    this.#continuity = `stream-${++this.#streams}`;
    report({
      type: 'connectionOpened',
      account: { externalId: this.#account, name: 'bot' },
      continuity: this.#continuity,
    });
  }

  readonly channel: Channel = {
    name: 'discord',
    traits: { readsBelow: 'anything', pairs: false, hasAliases: false, requestsAtOnce: null, datesEdits: true },
    refuseCredentials: () => null,
    open: ({ report, instanceId }) =>
      Effect.acquireRelease(
        Effect.gen({ self: this }, function* () {
          this.#ask({ at: yield* Clock.currentTimeMillis, kind: 'login', conversation: null });
          yield* Effect.sleep(LATENCY_MS);
          this.#report = report;
          this.#account = instanceId;
          this.#opened(report);
          return report;
        }),
        (opened) =>
          Effect.sync(() => {
            if (this.#report === opened) this.#report = null;
          }),
      ).pipe(
        Effect.as({
          directory: {
            read: () =>
              this.#request({ kind: 'contacts', conversation: null }, (requestedAt) => ({
                conversations: this.conversations.map((one) => one.listed()),
                bookmarks: new Map(),
                nextCursor: null,
                problems: [],
                requestedAt,
                quota: null,
              })),
          },
          history: {
            pageSize: PAGE_SIZE,
            read: ({ externalId, before, limit }) =>
              this.#request({ kind: 'messages', conversation: externalId }, (requestedAt) => {
                const conversation = this.conversations.find((one) => one.externalId === externalId);
                if (conversation === undefined) throw new Error(`There is no ${externalId}`);
                return { ...conversation.page(before, limit), requestedAt };
              }),
          },
          contacts: {
            read: (cursor) => Effect.map(noPeople.read(cursor), (page) => ({ ...page, contacts: this.contacts })),
          },
          groups: noPeople,
          pushed: null,
          logOut: Effect.void,
        }),
      ),
  };

  #ask(asked: Asked): void {
    this.asked.push(asked);
    const until = Math.max(this.#quietUntil.get('all') ?? 0, this.#quietUntil.get(asked.conversation ?? '') ?? 0);
    if (asked.at < until) this.trespasses.push(asked);
  }

  /** The answer is made when the request arrives, and comes a moment later. */
  #request<A extends { readonly quota: Quota | null }>(
    what: Omit<Asked, 'at'>,
    answer: (at: number) => A,
  ): Effect.Effect<A, PlatformFailure> {
    return Effect.gen({ self: this }, function* () {
      const at = yield* Clock.currentTimeMillis;
      const spentUntil = this.#spentUntil.get(what.conversation ?? '') ?? 0;
      // As a channel does that remembers what the platform's headers said.
      if (spentUntil > at) return yield* heldBack(spentUntil - at);
      this.#ask({ ...what, at });
      const fault = this.faults.shift();
      const answered = fault === undefined || fault.kind === 'spent' ? answer(at) : null;
      yield* Effect.sleep(LATENCY_MS);
      const now = yield* Clock.currentTimeMillis;
      if (fault === undefined || fault.kind === 'spent') return this.#spend(answered as A, fault, what, now);
      return yield* Effect.fail(this.#failureOf(fault, what, now));
    });
  }

  #spend<A extends { readonly quota: Quota | null }>(
    answered: A,
    fault: Extract<PlatformFault, { kind: 'spent' }> | undefined,
    { conversation }: Omit<Asked, 'at'>,
    now: number,
  ): A {
    if (fault === undefined || conversation === null) return answered;
    const resetAt = now + fault.resetMs;
    this.#spentUntil.set(conversation, resetAt);
    return { ...answered, quota: { remaining: 0, resetAt } };
  }

  #silence(key: string, until: number): void {
    this.#quietUntil.set(key, Math.max(this.#quietUntil.get(key) ?? 0, until));
  }

  #failureOf(fault: PlatformFault, { kind, conversation }: Omit<Asked, 'at'>, now: number): PlatformFailure {
    const message = 'On demand.';
    if (fault.kind === 'denied') return new AccessDenied({ message });
    if (fault.kind === 'unreachable') return new Unreachable({ message });
    if (fault.kind !== 'rateLimited') return new BadAnswer({ message, raw: null });
    const { retryAfterMs } = fault;
    const scope = kind === 'messages' ? fault.scope : 'instance';
    this.#silence(scope === 'instance' ? 'all' : (conversation ?? ''), now + (retryAfterMs ?? UNNAMED_MS));
    return new RateLimited({ scope, retryAfterMs, message });
  }
}

const heldBack = (retryAfterMs: number) =>
  new RateLimited({ scope: 'conversation', retryAfterMs, message: 'Nothing remains; the request was kept back.' });
