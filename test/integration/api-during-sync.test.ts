import { afterAll, beforeAll, expect, test } from 'vitest';
import { isOver } from '../harness/api-client.ts';
import { pastOf } from '../harness/history.ts';
import { Stage } from '../harness/stage.ts';

const MESSAGES = 30_000;
const CHANNELS = 6;
const READERS = 4;
const LEAST_REQUESTS = 200;
/** Nobody may hang. The aim is a p99 under 250 ms, printed below: how fast the machine is decides about it too. */
const LONGEST_MS = 5_000;

let stage: Stage;

beforeAll(async () => {
  const channels = Array.from({ length: CHANNELS }, (_, at) => pastOf(`busy-${at}`, MESSAGES / CHANNELS));
  stage = await Stage.open({ guilds: [{ name: 'Busy', channels }] });
});
afterAll(() => stage.close());

const percentile = (sorted: readonly number[], share: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);

test(`requests during a sync of ${MESSAGES} messages are all answered`, async () => {
  const instance = await stage.connect('Busy');
  const { jobId } = await stage.api.startSync(instance.id, { depth: 'all' });
  const of = `/instances/${instance.id}`;
  const paths = [
    ...['/instances', of, `${of}/status`, `${of}/sync`, `${of}/sync/${jobId}`, `${of}/conversations`, `${of}/coverage`],
    ...[
      '/events?limit=100',
      `/events?instanceId=${instance.id}&search=the`,
      `/events?instanceId=${instance.id}&limit=500`,
    ],
    ...[
      '/sync',
      '/settings',
      '/debug/actors',
      `/debug/actors/${instance.id}`,
      '/debug/dead-letters',
      '/health',
      '/ready',
      '/metrics',
    ],
  ];
  const took: number[] = [];
  let next = 0;
  let over = false;
  const read = async (): Promise<void> => {
    while (!over || took.length < LEAST_REQUESTS) {
      const path = paths[next++ % paths.length] as string;
      const before = performance.now();
      const response = await fetch(`${stage.api.base}${path}`, { signal: AbortSignal.timeout(LONGEST_MS) });
      await response.arrayBuffer();
      took.push(performance.now() - before);
      expect(response.status, path).toBe(200);
    }
  };
  const finished = stage.api.finished(instance.id, jobId).then((job) => {
    over = true;
    return job;
  });
  await Promise.all(Array.from({ length: READERS }, read));
  const job = await finished;
  expect(isOver(job)).toBe(true);
  expect(job).toMatchObject({ status: 'completed', progress: { stored: MESSAGES, duplicates: 0, errorCount: 0 } });

  const sorted = took.toSorted((a, b) => a - b);
  const [p50, p99, longest] = [percentile(sorted, 0.5), percentile(sorted, 0.99), percentile(sorted, 1)];
  process.stdout.write(
    `API during a sync: ${took.length} requests, p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms\n`,
  );
  expect(longest).toBeLessThan(LONGEST_MS);
});
