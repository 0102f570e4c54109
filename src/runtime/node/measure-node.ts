import { roomFor } from '../../../machines/rate-limit-context.ts';
import type { Metrics } from '../../domain/metrics.ts';
import type { InstanceProcess } from '../instance/instance-process.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { Node } from './node.ts';

/** A parked one has no actors, and is in no other state than this one. */
const stateOf = <Tx extends StepTransaction>({ live, parked }: InstanceProcess<Tx>): readonly string[] => {
  if (parked !== null) return ['error'];
  return live === null ? [] : [live.actors.supervisor.value];
};

/** Gauges of what lives on this node; `now` in ms. */
export const measureNode = <Tx extends StepTransaction>(metrics: Metrics, node: Node<Tx>, now: () => number): void => {
  const live = () => node.processes().flatMap((process) => process.live ?? []);
  const tally = (values: readonly string[]): readonly (readonly [string, number])[] =>
    [...Map.groupBy(values, (value) => value)].map(([value, group]) => [value, group.length]);

  metrics.gauge('omni_instances', () =>
    tally(node.processes().flatMap(stateOf)).map(([state, value]) => ({ labels: { state }, value })),
  );
  metrics.gauge('omni_jobs', () =>
    tally(live().flatMap(({ actors }) => [...actors.jobs.values()].map((job) => job.value))).map(([status, value]) => ({
      labels: { status },
      value,
    })),
  );
  metrics.gauge('omni_permits_available', () => {
    const at = now();
    const byChannel = Map.groupBy(live(), ({ rows }) => rows.channel);
    return [...byChannel].map(([channel, instances]) => ({
      labels: { channel },
      value: instances.reduce((sum, { actors }) => {
        const { context, value } = actors.limiter;
        return value === 'cooldown' ? sum : sum + roomFor(context, 'messages', at);
      }, 0),
    }));
  });
};
