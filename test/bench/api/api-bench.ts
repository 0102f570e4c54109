import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isOver, type JobShown } from '../../harness/api-client.ts';
import { furnish } from '../../harness/embedded-template.ts';
import { type Service, startService } from '../../harness/service.ts';
import { startSimulatorProcess } from '../../harness/simulator-process.ts';
import type { BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { quantile } from '../statistics.ts';

/*
 * How long requests take while a large sync runs on the embedded database, which works on the thread that answers
 * them; and, to compare, how long the same requests take on the same data when nothing else is done.
 */

export interface ApiSize {
  readonly messages: number;
  readonly channels: number;
  /** Who ask at the same time, each with a short pause after an answer. */
  readonly clients: number;
  readonly idleRequests: number;
}

const PAUSE_MS = 20;

interface Asked {
  readonly instanceId: string;
  readonly jobId: string;
  readonly conversationId: string;
}

const mixOf = ({ instanceId, jobId, conversationId }: Asked): readonly string[] => [
  `/instances/${instanceId}/sync/${jobId}`,
  `/events?instanceId=${instanceId}&limit=100`,
  '/instances',
  `/events?conversationId=${conversationId}&limit=100`,
  `/instances/${instanceId}/coverage`,
  `/instances/${instanceId}/sync/${jobId}`,
  `/events?instanceId=${instanceId}&search=mountain`,
  '/sync',
  `/instances/${instanceId}/conversations`,
  '/settings',
  `/debug/actors/${instanceId}`,
  `/instances/${instanceId}`,
];

/** Asks for the paths in turn until told that it is enough; gives the milliseconds of each answer. */
const ask = async (
  origin: string,
  paths: readonly string[],
  clients: number,
  isEnough: (asked: number) => boolean,
): Promise<readonly number[]> => {
  const tookMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (!isEnough(next)) {
      const path = paths[next++ % paths.length] ?? '/health';
      const startedAt = performance.now();
      const response = await fetch(`${origin}/api/v2${path}`);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
      tookMs.push(performance.now() - startedAt);
      await pause(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return tookMs;
};

/** A sync of everything, once it has stored its first messages. */
const startSync = async ({ api }: Service, token: string): Promise<Asked> => {
  await api.openLimits();
  const { id } = await api.createInstance(token);
  const { jobId } = await api.startSync(id, { depth: 'all' });
  for await (const { name, data } of api.follow(id, jobId)) {
    const { progress } = data as { readonly progress?: JobShown['progress'] };
    if (name === 'sync.progress' && (progress?.stored ?? 0) > 0) break;
  }
  for await (const { id: conversationId } of api.list<{ id: string }>(`/instances/${id}/conversations`)) {
    return { instanceId: id, jobId, conversationId };
  }
  throw new Error('No conversation was listed');
};

const whileSyncing = async (service: Service, asked: Asked, { clients }: ApiSize): Promise<readonly number[]> => {
  let job: JobShown | null = null;
  const finished = service.api.finished(asked.instanceId, asked.jobId).then((ended) => {
    job = ended;
  });
  const tookMs = await ask(service.origin, mixOf(asked), clients, () => job !== null && isOver(job));
  await finished;
  return tookMs;
};

const figuresOf = (when: string, tookMs: readonly number[]): readonly Figure[] => [
  plain(`API ${when}, p50 of ${tookMs.length} requests`, quantile(tookMs, 0.5), 'ms'),
  plain(`API ${when}, p99`, quantile(tookMs, 0.99), 'ms'),
];

export const benchApi = async (size: ApiSize, { tell }: BenchSetting): Promise<readonly Figure[]> => {
  const world = ['--messages', size.messages, '--channels', size.channels, '--members', 50].map(String);
  const simulator = await startSimulatorProcess([...world, '--rate-limits', 'off']);
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-bench-'));
  await furnish(dataDir);
  const service = await startService({ dataDir, discordApiUrl: simulator.apiUrl });
  try {
    const asked = await startSync(service, simulator.token);
    tell('API, asking while a sync runs');
    const busy = await whileSyncing(service, asked, size);
    tell(`API, ${busy.length} requests while the sync ran; asking again now that it is done`);
    const idle = await ask(service.origin, mixOf(asked), size.clients, (count) => count >= size.idleRequests);
    const [median, worst] = figuresOf('during a sync, PGlite', busy);
    if (median === undefined || worst === undefined) throw new Error('Nothing was measured');
    return [...figuresOf('idle, PGlite', idle), median, { ...worst, aim: { of: 'value', bound: 'under', limit: 250 } }];
  } finally {
    await service.child.end('SIGTERM');
    await simulator.child.end('SIGTERM');
    await rm(dataDir, { recursive: true, force: true });
  }
};
