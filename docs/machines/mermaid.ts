import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** A machine as it is drawn: its states, and what leads from one to another, in the order in which it is tried. */
export interface Chart {
  readonly id: string;
  readonly initial: string;
  readonly states: readonly ChartState[];
}

export interface ChartState {
  readonly name: string;
  readonly final: boolean;
  readonly transitions: readonly ChartTransition[];
}

export interface ChartTransition {
  /** `always` for a transition that waits for no event. */
  readonly event: string;
  readonly guard: string | null;
  /** Null: the machine stays where it is. */
  readonly to: string | null;
}

type Transition = AnyStateNode['always'] extends readonly (infer T)[] | undefined ? T : never;

const guardName = (guard: unknown): string | null => {
  if (guard === undefined || guard === null) return null;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object' && 'type' in guard && typeof guard.type === 'string') return guard.type;
  throw new Error('A guard without a name cannot be drawn: name it in the setup of its machine');
};

const chartTransition = (event: string, { guard, target }: Transition): ChartTransition => ({
  event,
  guard: guardName(guard),
  to: target?.[0]?.key ?? null,
});

const chartState = (node: AnyStateNode): ChartState => {
  // Every machine of the house is flat; drawing a nested one flat would be a lie.
  if (Object.keys(node.states).length > 0) throw new Error(`The nested states of "${node.key}" cannot be drawn`);
  const always = (node.always ?? []).map((transition) => chartTransition('always', transition));
  const onEvents = [...node.transitions].flatMap(([event, transitions]) =>
    transitions.map((transition) => chartTransition(event, transition)),
  );
  return { name: node.key, final: node.type === 'final', transitions: [...always, ...onEvents] };
};

export const chartOf = (machine: AnyStateMachine): Chart => {
  const initial = machine.root.initial.target[0]?.key;
  if (initial === undefined) throw new Error(`Machine "${machine.id}" has no initial state`);
  return { id: machine.id, initial, states: Object.values(machine.states).map(chartState) };
};

const label = ({ event, guard }: ChartTransition): string => (guard === null ? event : `${event} [${guard}]`);

/** One arrow per pair of states, with everything that leads along it. What stays in its state has none. */
const arrowsFrom = ({ name, final, transitions }: ChartState): readonly string[] => {
  const moves = transitions.filter(({ to }) => to !== null);
  const arrows = [...Map.groupBy(moves, ({ to }) => to)].map(
    ([to, along]) => `  ${name} --> ${to} : ${along.map(label).join('<br/>')}`,
  );
  return final ? [...arrows, `  ${name} --> [*]`] : arrows;
};

/** The chart as a Mermaid state diagram. */
export const mermaid = ({ initial, states }: Chart): string =>
  ['stateDiagram-v2', `  [*] --> ${initial}`, ...states.flatMap(arrowsFrom)].join('\n');

/** The chart as a Markdown table, a row per transition, those that stay included. */
export const transitionTable = ({ states }: Chart): string => {
  const rows = states.flatMap(({ name, transitions }) =>
    transitions.map(({ event, guard, to }) => `| ${name} | ${event} | ${guard ?? ''} | ${to ?? '(stays)'} |`),
  );
  return ['| from | event | guard | to |', '| --- | --- | --- | --- |', ...rows].join('\n');
};
