import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobShown } from '../harness/api-client.ts';
import { type Service, startService } from '../harness/service.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import type { GuildPlan, WorldPlan } from '../simulators/discord/world/world-plan.ts';
import { peakDuring } from './resident-set.ts';

const DAY_MS = 86_400_000;

/** One sync, and the most that the service held in memory meanwhile. */
export interface Measured {
  readonly messages: number;
  readonly job: JobShown;
  readonly peakBytes: number;
  readonly tookMs: number;
}

export interface MemoryOptions {
  /** An empty database of PostgreSQL; null: the embedded one. */
  readonly databaseUrl: string | null;
  /** Messages of each sync, one after the other, all in the same process. */
  readonly sizes: readonly number[];
  readonly measured: (measured: Measured) => void;
}

/** A guild of so many messages: larger guilds have more channels, and longer ones. */
const guildOf = (name: string, messages: number, now: number): GuildPlan => {
  const channels = Math.ceil(Math.sqrt(messages / 500));
  return {
    name,
    channels: Array.from({ length: channels }, (_, index) => ({
      name: `${name}-${index}`,
      messages: Math.floor((messages * (index + 1)) / channels) - Math.floor((messages * index) / channels),
      from: now - 700 * DAY_MS,
      to: now - DAY_MS,
    })),
  };
};

/** A guild for each size, and a bot for each guild. */
const worldOf = (sizes: readonly number[], now: number): WorldPlan => {
  const names = sizes.map((size, index) => `guild-${index}-${size}`);
  return {
    guilds: sizes.map((size, index) => guildOf(names[index] ?? '', size, now)),
    bots: names.map((name) => ({ name, guilds: [name] })),
  };
};

const measure = async (service: Service, token: string, messages: number): Promise<Measured> => {
  const { pid } = service.child.process;
  if (pid === undefined) throw new Error('The service has no process.');
  const startedAt = performance.now();
  const [job, peakBytes] = await peakDuring(pid, async () => {
    const { id } = await service.api.createInstance(token, `memory ${token.slice(0, 6)}`);
    return service.api.sync(id, { depth: 'all' });
  });
  return { messages, job, peakBytes, tookMs: performance.now() - startedAt };
};

/** Syncs one size after the other in one process of the service, and measures what it holds in memory. */
export const runMemory = async ({ databaseUrl, sizes, measured }: MemoryOptions): Promise<void> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-memory-'));
  const world = worldOf(sizes, Date.now());
  const discord = await startDiscordSimulator({ world, rateLimits: 'off', identifyIntervalMs: 0 });
  const where = { dataDir, discordApiUrl: discord.apiUrl, ...(databaseUrl === null ? {} : { databaseUrl }) };
  const service = await startService(where);
  try {
    await service.api.openLimits();
    for (const [index, size] of sizes.entries()) {
      measured(await measure(service, discord.world.bots[index]?.token ?? '', size));
    }
  } finally {
    await service.child.end('SIGTERM');
    await discord.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};
