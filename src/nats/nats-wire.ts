import { randomUUID } from 'node:crypto';
import type { Msg } from '@nats-io/transport-node';
import { Effect, Option, Schema } from 'effect';
import { InstanceId } from '../domain/ids.ts';
import type { ActorSummary, ActorTree } from '../runtime/inspection.ts';
import type { LocalInspection, NodeWire } from '../runtime/node-wire.ts';
import { ask } from './ask.ts';
import type { Naming } from './naming.ts';
import type { NatsLink } from './nats-link.ts';
import { ActorAnswer, ActorsAnswer, actorAnswerWithin, actorsAnswers, bytesOf, Question } from './wire-answers.ts';

/** Who does not answer by then is shown from its rows. */
const PATIENCE_MS = 1_000;

const decodeActor = Schema.decodeUnknownOption(Schema.fromJsonString(ActorAnswer));
const decodeActors = Schema.decodeUnknownOption(Schema.fromJsonString(ActorsAnswer));
const decodeQuestion = Schema.decodeUnknownOption(Schema.fromJsonString(Question));
const isInstanceId = Schema.is(InstanceId);

/**
 * Questions between nodes as requests of core NATS: nothing is stored, and who is not there does not hear them. Every
 * node answers, also that an instance does not live on it, so that a question is over once all have been heard.
 */
export const natsWire = (link: NatsLink, naming: Naming, otherNodes: Effect.Effect<number, unknown>): NodeWire => {
  const self = randomUUID();
  const question = JSON.stringify({ from: self });
  const others = Effect.orElseSucceed(otherNodes, () => Number.POSITIVE_INFINITY);
  const isOurs = (message: Msg): boolean =>
    Option.exists(decodeQuestion(message.string()), ({ from }) => from === self);

  const answerActor = (local: LocalInspection, message: Msg): void => {
    const instanceId = message.subject.split('.').at(-1);
    if (isOurs(message) || !isInstanceId(instanceId)) return;
    message.respond(actorAnswerWithin(self, local.actor(instanceId), link.maxPayload));
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
            link.subscribe(naming.actorsQuestion, (message) => answerActors(local, message)),
          ]),
          (subscriptions) => Effect.sync(() => subscriptions.map((unsubscribe) => unsubscribe())),
        ),
      ),
    askActor: (instanceId) =>
      Effect.flatMap(others, (expected) => {
        let found: ActorTree | null = null;
        const heard = new Set<string>();
        const hear = (message: Msg): boolean => {
          const answer = decodeActor(message.string());
          if (Option.isNone(answer)) return false;
          found = answer.value.actor;
          return found !== null || heard.add(answer.value.node).size >= expected;
        };
        return Effect.map(ask(link, naming.actorQuestion(instanceId), question, hear, PATIENCE_MS), () => found);
      }),
    askActors: Effect.flatMap(others, (expected) => {
      const actors: ActorSummary[] = [];
      const parts = new Map<string, number>();
      const isComplete = ({ node, parts: all }: ActorsAnswer): boolean => parts.get(node) === all;
      let complete = 0;
      const hear = (message: Msg): boolean => {
        const answer = decodeActors(message.string());
        if (Option.isNone(answer)) return false;
        actors.push(...answer.value.actors);
        parts.set(answer.value.node, (parts.get(answer.value.node) ?? 0) + 1);
        if (isComplete(answer.value)) complete += 1;
        return complete >= expected;
      };
      return Effect.map(ask(link, naming.actorsQuestion, question, hear, PATIENCE_MS), () => actors);
    }),
  };
};
