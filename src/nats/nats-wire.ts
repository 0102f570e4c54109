import { randomUUID } from 'node:crypto';
import type { Msg } from '@nats-io/transport-node';
import { Effect, Option, Schema } from 'effect';
import { InstanceId } from '../domain/ids.ts';
import { atMost } from '../runtime/at-most.ts';
import type { ActorSummary } from '../runtime/messaging/inspection.ts';
import type { LocalInspection, NodeWire } from '../runtime/messaging/node-wire.ts';
import { ask } from './ask.ts';
import type { Naming } from './naming.ts';
import type { NatsLink } from './nats-link.ts';
import {
  ActorAnswer,
  ActorsAnswer,
  actorAnswerWithin,
  actorsAnswers,
  bytesOf,
  PairingAnswer,
  Question,
} from './wire-answers.ts';

/** Who does not answer by then is shown from its rows. With the count of nodes, a second at most. */
const PATIENCE_MS = 800;
const COUNT_PATIENCE_MS = 200;

const decodeActor = Schema.decodeUnknownOption(Schema.fromJsonString(ActorAnswer));
const decodeActors = Schema.decodeUnknownOption(Schema.fromJsonString(ActorsAnswer));
const decodePairing = Schema.decodeUnknownOption(Schema.fromJsonString(PairingAnswer));
const decodeQuestion = Schema.decodeUnknownOption(Schema.fromJsonString(Question));
const isInstanceId = Schema.is(InstanceId);

/**
 * Questions between nodes as requests of core NATS: nothing is stored, and who is not there does not hear them. Every
 * node answers, also that an instance does not live on it, so that a question is over once all have been heard.
 */
export const natsWire = (link: NatsLink, naming: Naming, otherNodes: Effect.Effect<number, unknown>): NodeWire => {
  const self = randomUUID();
  const question = JSON.stringify({ from: self });
  /** A database that does not answer at once leaves us waiting for as many as there may be. */
  const others = atMost(otherNodes, COUNT_PATIENCE_MS).pipe(
    Effect.map(Option.getOrElse(() => Number.POSITIVE_INFINITY)),
    Effect.orElseSucceed(() => Number.POSITIVE_INFINITY),
  );
  const asking = (subject: string, { expected, hear }: Replies<unknown>): Effect.Effect<void> =>
    expected <= 0 ? Effect.void : ask(link, subject, question, hear, PATIENCE_MS);
  const isOurs = (message: Msg): boolean =>
    Option.exists(decodeQuestion(message.string()), ({ from }) => from === self);

  const answerActor = (local: LocalInspection, message: Msg): void => {
    const instanceId = message.subject.split('.').at(-1);
    if (isOurs(message) || !isInstanceId(instanceId)) return;
    message.respond(actorAnswerWithin(self, local.actor(instanceId), link.maxPayload));
  };
  const answerPairing = (local: LocalInspection, message: Msg): void => {
    const instanceId = message.subject.split('.').at(-1);
    if (isOurs(message) || !isInstanceId(instanceId)) return;
    message.respond(bytesOf({ node: self, offer: local.pairing(instanceId) }));
  };
  const answerActors = (local: LocalInspection, message: Msg): void => {
    if (isOurs(message)) return;
    for (const answer of actorsAnswers(self, local.actors())) message.respond(bytesOf(answer));
  };

  return {
    serve: (local) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => [
            link.subscribe(naming.actorQuestion('*'), (message) => answerActor(local, message)),
            link.subscribe(naming.pairingQuestion('*'), (message) => answerPairing(local, message)),
            link.subscribe(naming.actorsQuestion, (message) => answerActors(local, message)),
          ]),
          (subscriptions) => Effect.sync(() => subscriptions.map((unsubscribe) => unsubscribe())),
        ),
      ),
    askActor: (instanceId) =>
      Effect.flatMap(others, (expected) => {
        const replies = firstReply(expected, decodeActor, ({ actor }) => actor);
        return Effect.map(asking(naming.actorQuestion(instanceId), replies), () => replies.found());
      }),
    askPairing: (instanceId) =>
      Effect.flatMap(others, (expected) => {
        const replies = firstReply(expected, decodePairing, ({ offer }) => offer);
        return Effect.map(asking(naming.pairingQuestion(instanceId), replies), () => replies.found());
      }),
    askActors: Effect.flatMap(others, (expected) => {
      const replies = actorsReplies(expected);
      return Effect.map(asking(naming.actorsQuestion, replies), () => replies.found());
    }),
  };
};

/** What was heard so far. `hear` says whether it is enough. */
interface Replies<A> {
  readonly expected: number;
  readonly hear: (message: Msg) => boolean;
  readonly found: () => A;
}

/** Enough once one node has something to say, or all `expected` nodes have said that they have not. */
const firstReply = <Answer extends { readonly node: string }, A>(
  expected: number,
  decode: (text: string) => Option.Option<Answer>,
  saidIn: (answer: Answer) => A | null,
): Replies<A | null> => {
  const heard = new Set<string>();
  let found: A | null = null;
  const hear = (message: Msg): boolean => {
    const answer = decode(message.string());
    if (Option.isNone(answer)) return false;
    found ??= saidIn(answer.value);
    return found !== null || heard.add(answer.value.node).size >= expected;
  };
  return { expected, hear, found: () => found };
};

/** Enough once all parts of all `expected` nodes are there. */
const actorsReplies = (expected: number): Replies<readonly ActorSummary[]> => {
  const actors: ActorSummary[] = [];
  const missingParts = new Map<string, number>();
  const hear = (message: Msg): boolean => {
    const answer = decodeActors(message.string());
    if (Option.isNone(answer)) return false;
    const { node, parts } = answer.value;
    actors.push(...answer.value.actors);
    missingParts.set(node, (missingParts.get(node) ?? parts) - 1);
    return [...missingParts.values()].filter((missing) => missing === 0).length >= expected;
  };
  return { expected, hear, found: () => actors };
};
