import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Child } from '../harness/child.ts';
import { compareWithTruth } from '../harness/compare.ts';
import { furnish } from '../harness/embedded-template.ts';
import { pastOf } from '../harness/history.ts';
import { type Service, startService } from '../harness/service.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { COMPLETE } from '../harness/stage.ts';
import type { DiscordSimulator } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';

/* Processes, since signals and locks are theirs. */

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const MESSAGES = 4_000;
/**
 * A drain that takes longer waits for something that it should end: on a machine that is kept busy one takes seconds.
 */
const DRAIN_MS = 30_000;

let discord: DiscordSimulator;
let dataDir: string;
let service: Service;

const start = async (): Promise<void> => {
  service = await startService({ dataDir, discordApiUrl: discord.apiUrl });
};

beforeEach(async () => {
  const channels = [pastOf('long', MESSAGES), pastOf('short', 100)];
  const world = { guilds: [{ name: 'Restarted', channels }] };
  discord = await startDiscordSimulator({ world, rateLimits: 'off', identifyIntervalMs: 0, latencyMs: 25 });
  dataDir = await mkdtemp(join(tmpdir(), 'omni-test-'));
  await furnish(dataDir);
  await start();
});
afterEach(async () => {
  await service.child.end('SIGTERM');
  await discord.close();
  await rm(dataDir, { recursive: true, force: true });
});

const readTimes = (times: number): Promise<void> =>
  new Promise((resolve) => {
    const stop = discord.requests.onRequest(() => {
      if (discord.requests.instants.messages.length < times) return;
      stop();
      resolve();
    });
  });

test('SIGTERM in the middle of a sync ends the process cleanly; started again, the job goes on by itself', async () => {
  await service.api.openLimits();
  const { id } = await service.api.createInstance(discord.token);
  const { jobId } = await service.api.startSync(id, { depth: 'all' });
  for (const times of [5, 20]) {
    await readTimes(times);
    const before = performance.now();
    expect(await service.child.end('SIGTERM')).toBe(0);
    expect(performance.now() - before).toBeLessThan(DRAIN_MS);
    expect(service.child.output).not.toMatch(/"level":(50|60)/);
    await start();
  }
  const job = await service.api.finished(id, jobId);
  expect(job).toMatchObject({ status: 'completed', progress: { stored: MESSAGES + 100, errorCount: 0 } });
  // Two pages per stop and walk may have been under way.
  expect(discord.requests.instants.messages.length).toBeLessThanOrEqual((MESSAGES + 100) / 100 + 2 + 2 * 2);
  expect(await compareWithTruth(service.api, id, discord.groundTruth())).toMatchObject(COMPLETE);
});

test('a second process on the same DATA_DIR is refused, and told who holds it', async () => {
  const second = new Child(MAIN, [], { PORT: '0', DATA_DIR: dataDir, DISCORD_API_URL: discord.apiUrl });
  expect(await second.ended()).toBe(1);
  await expect.poll(() => second.output, PATIENCE).toContain(`process ${service.child.process.pid} `);
  expect(second.output).toContain(dataDir);
  expect(second.output).not.toMatch(/^\s+at /m);
  expect(second.output.split('\n')).toHaveLength(1);
  const health = await fetch(`${service.api.base}/ready`);
  expect(health.status).toBe(200);
});
