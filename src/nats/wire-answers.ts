import { Schema } from 'effect';
import { PairingOffer } from '../domain/pairing.ts';
import { ActorSummary, ActorTree, type TraceEntry } from '../runtime/messaging/inspection.ts';

/** Who asks. A node does not answer itself. */
export const Question = Schema.Struct({ from: Schema.String });

/** One node's answer about one instance. Null: it does not live there. */
export const ActorAnswer = Schema.Struct({ node: Schema.String, actor: Schema.NullOr(ActorTree) });
export type ActorAnswer = typeof ActorAnswer.Type;

/** One node's answer about the pairing of an instance. Null: nothing is to be shown, or it does not live there. */
export const PairingAnswer = Schema.Struct({ node: Schema.String, offer: Schema.NullOr(PairingOffer) });
export type PairingAnswer = typeof PairingAnswer.Type;

/** A part of one node's list of actors: the `part`-th of `parts`. */
export const ActorsAnswer = Schema.Struct({
  node: Schema.String,
  part: Schema.Number,
  parts: Schema.Number,
  actors: Schema.Array(ActorSummary),
});
export type ActorsAnswer = typeof ActorsAnswer.Type;

/** Summaries in one part: some 400 bytes each, far below the megabyte that NATS carries by default. */
const ACTORS_IN_PART = 500;

export const bytesOf = (answer: ActorAnswer | ActorsAnswer | PairingAnswer): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(answer));

export const actorsAnswers = (node: string, actors: readonly ActorSummary[]): readonly ActorsAnswer[] => {
  const parts = Math.max(1, Math.ceil(actors.length / ACTORS_IN_PART));
  return Array.from({ length: parts }, (_, part) => ({
    node,
    part,
    parts,
    actors: actors.slice(part * ACTORS_IN_PART, (part + 1) * ACTORS_IN_PART),
  }));
};

/**
 * The answer within `room` bytes. Where it is larger the oldest half of its trace goes, again and again, then the
 * contexts of its actors; what went is said in its place.
 */
export const actorAnswerWithin = (node: string, actor: ActorTree | null, room: number): Uint8Array => {
  for (let kept = actor?.trace.length ?? 0; ; kept = Math.floor(kept / 2)) {
    const bytes = bytesOf({ node, actor: actor === null ? null : withTrace(actor, kept) });
    if (bytes.length <= room || actor === null) return bytes;
    if (kept === 0) return bytesOf({ node, actor: withoutContexts(withTrace(actor, 0)) });
  }
};

const withTrace = (actor: ActorTree, kept: number): ActorTree => {
  const omitted = actor.trace.length - kept;
  if (omitted === 0) return actor;
  return { ...actor, trace: [omission(actor.trace, omitted), ...actor.trace.slice(omitted)] };
};

const omission = (trace: readonly TraceEntry[], omitted: number): TraceEntry => ({
  at: trace[omitted - 1]?.at ?? '',
  actor: 'trace',
  event: `${omitted} earlier transitions are left out: the answer is larger than NATS carries`,
  from: '',
  to: '',
});

const TOO_LARGE = 'left out: the answer is larger than NATS carries';

const withoutContexts = (actor: ActorTree): ActorTree => ({
  ...actor,
  supervisor: actor.supervisor && { ...actor.supervisor, context: TOO_LARGE },
  rateLimiter: actor.rateLimiter && { ...actor.rateLimiter, context: TOO_LARGE },
  jobActors: actor.jobActors.map((job) => ({ ...job, context: TOO_LARGE })),
});
