import { type AnyActorScope, type AnyStateMachine, createActor, type EventFromLogic, type SnapshotFrom } from 'xstate';

/** What a machine asks for, as data. */
export interface MachineEffect {
  readonly type: string;
  readonly params: unknown;
}

type Bystander = Omit<AnyActorScope, 'actionExecutor'>;

const bystanders = new WeakMap<AnyStateMachine, Bystander>();

const doNothing = (): void => {};

/** Somebody for whom a transition is computed; our machines neither spawn nor ask who that is. */
const bystanderOf = (machine: AnyStateMachine): Bystander => {
  const known = bystanders.get(machine);
  if (known !== undefined) return known;
  const self = createActor(machine);
  const nothing = { defer: doNothing, logger: doNothing, stopChild: doNothing, emit: doNothing };
  const made = { self, system: self.system, id: '', sessionId: '', ...nothing };
  bystanders.set(machine, made);
  return made;
};

/**
 * XState's `transition`, without the actor that it makes for every call, initial state included: that took longer than
 * the transition.
 */
export const pureTransition = <Machine extends AnyStateMachine>(
  machine: Machine,
  snapshot: SnapshotFrom<Machine>,
  event: EventFromLogic<Machine>,
): readonly [SnapshotFrom<Machine>, readonly MachineEffect[]] => {
  const effects: MachineEffect[] = [];
  const actionExecutor: AnyActorScope['actionExecutor'] = ({ type, params }) => effects.push({ type, params });
  const next = machine.transition(snapshot, event, { ...bystanderOf(machine), actionExecutor });
  return [next as SnapshotFrom<Machine>, effects];
};
