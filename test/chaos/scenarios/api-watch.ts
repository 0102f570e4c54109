import { setTimeout } from 'node:timers/promises';
import type { Cluster } from '../../harness/cluster.ts';

const LOOK_EVERY_MS = 1_000;
/** Longer than any request may take. */
const PATIENCE_MS = 12_000;

/** What every node answered, over and over. */
export interface Answers {
  /** How often each status was seen. */
  readonly statuses: ReadonlyMap<number, number>;
  /** 503 without `Retry-After`. */
  readonly mute: number;
  /** Calls that nobody answered. */
  readonly unanswered: number;
}

/** Asks every node the same question once a second, for so long. */
export const watchApi = async (cluster: Cluster, path: string, forMs: number): Promise<Answers> => {
  const statuses = new Map<number, number>();
  let mute = 0;
  let unanswered = 0;
  const ask = async (base: string): Promise<void> => {
    const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
    if (response === null) {
      unanswered += 1;
      return;
    }
    await response.body?.cancel();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    if (response.status === 503 && !(Number(response.headers.get('retry-after')) > 0)) mute += 1;
  };
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    await Promise.all([...cluster.nodes.map(({ api }) => ask(api.base)), setTimeout(LOOK_EVERY_MS)]);
  }
  return { statuses, mute, unanswered };
};

export const describeAnswers = ({ statuses, mute, unanswered }: Answers): string =>
  [
    ...[...statuses].map(([status, count]) => `${count} × ${status}`),
    ...(mute > 0 ? [`${mute} of them without Retry-After`] : []),
    ...(unanswered > 0 ? [`${unanswered} calls unanswered`] : []),
  ].join(', ');
