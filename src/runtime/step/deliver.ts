import type { AnyMachineSnapshot, AnyStateMachine, EventFromLogic, SnapshotFrom } from 'xstate';
import type { Ask, Note, Tell } from '../../../machines/effects.ts';
import { instanceMachine } from '../../../machines/instance.ts';
import type { Moment } from '../../../machines/moment.ts';
import { rateLimitMachine } from '../../../machines/rate-limit.ts';
import { syncJobMachine } from '../../../machines/sync-job.ts';
import type { WorldEvent } from '../../domain/event.ts';
import type { JobId } from '../../domain/ids.ts';
import { type InstanceActors, isFinished, withJob } from '../instance-actors.ts';
import type { Mail } from '../work.ts';
import { type MachineEffect, pureTransition } from './pure-transition.ts';

/** What the actors need to be told while they decide. Both run inside the step's transaction. */
export interface Answers {
  readonly answer: (actors: InstanceActors, asker: JobId, ask: Ask) => Promise<Mail['event']>;
  readonly note: (note: Note) => Promise<void>;
}

export interface Transition {
  readonly actor: string;
  readonly event: string;
  readonly from: string;
  readonly to: string;
}

export interface Delivered {
  readonly actors: InstanceActors;
  readonly transitions: readonly Transition[];
  readonly published: readonly WorldEvent[];
}

type Item = { readonly from: string; readonly mail: Mail } | { readonly asker: JobId; readonly ask: Ask };

/** More than any honest step needs: actors that tell each other for ever are a defect. */
const MOST_MAIL = 20_000;

/**
 * Hands mail to the actors, and what they tell each other in turn, in the order in which it was said, until all
 * is quiet. The transitions are pure; only questions and notes reach the database.
 */
export const deliver = async (
  start: InstanceActors,
  mail: readonly Mail[],
  moment: () => Moment,
  answers: Answers,
): Promise<Delivered> => {
  const queue: Item[] = mail.map((item) => ({ from: '', mail: item }));
  const transitions: Transition[] = [];
  const published: WorldEvent[] = [];
  let actors = start;
  for (let index = 0; index < queue.length; index++) {
    if (index > MOST_MAIL) throw new Error('The actors of this instance tell each other things without end.');
    const item = queue[index] as Item;
    if ('ask' in item) {
      const event = await answers.answer(actors, item.asker, item.ask);
      // At once: whoever asks next must see what this one was given.
      queue.splice(index + 1, 0, { from: '', mail: { to: item.asker, event } });
      continue;
    }
    for (const actor of recipients(actors, item.mail, item.from)) {
      const reaction = react(actors, actor, { ...item.mail.event, ...moment() });
      if (reaction === null) continue;
      actors = reaction.actors;
      transitions.push({ actor, event: item.mail.event.type, from: reaction.from, to: reaction.to });
      for (const effect of reaction.effects) {
        if (effect.type === 'tell') queue.push({ from: actor, mail: effect.params as Tell });
        else if (effect.type === 'ask') queue.push({ asker: actor as JobId, ask: effect.params as Ask });
        else if (effect.type === 'note') await answers.note(effect.params as Note);
        else if (effect.type === 'publish') published.push(effect.params as WorldEvent);
      }
    }
  }
  return { actors, transitions, published };
};

const recipients = (actors: InstanceActors, mail: Mail, sender: string): readonly string[] =>
  mail.to === 'jobs' ? [...actors.jobs.keys()].filter((jobId) => jobId !== sender) : [mail.to];

interface Reaction {
  readonly actors: InstanceActors;
  readonly from: string;
  readonly to: string;
  readonly effects: readonly MachineEffect[];
}

/** Null when there is no such actor (any more). */
const react = (actors: InstanceActors, actor: string, event: Mail['event'] & Moment): Reaction | null => {
  if (actor === 'instance') {
    const [supervisor, effects] = step(instanceMachine, actors.supervisor, event);
    return { actors: { ...actors, supervisor }, ...between(actors.supervisor, supervisor), effects };
  }
  if (actor === 'rate-limit') {
    const [limiter, effects] = step(rateLimitMachine, actors.limiter, event);
    return { actors: { ...actors, limiter }, ...between(actors.limiter, limiter), effects };
  }
  const before = actors.jobs.get(actor as JobId);
  if (before === undefined || isFinished(before)) return null;
  const [job, effects] = step(syncJobMachine, before, event);
  return { actors: withJob(actors, actor as JobId, job), ...between(before, job), effects };
};

const between = (from: { readonly value: unknown }, to: { readonly value: unknown }) => ({
  from: String(from.value),
  to: String(to.value),
});

const step = <Machine extends AnyStateMachine>(
  machine: Machine,
  snapshot: SnapshotFrom<Machine>,
  event: Mail['event'] & Moment,
): readonly [SnapshotFrom<Machine>, readonly MachineEffect[]] => {
  // Mail is checked where it is made; here every machine's events look the same.
  const [next, effects] = pureTransition(machine, snapshot, event as EventFromLogic<Machine>);
  const { status, error }: AnyMachineSnapshot = next;
  if (status === 'error') throw new Error(`The ${machine.id} machine failed on ${event.type}: ${String(error)}`);
  return [next, effects];
};
