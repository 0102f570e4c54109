import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Effect } from 'effect';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open-database.ts';
import { InstanceId, JobId } from '../../src/domain/ids.ts';
import type { ApiClient } from '../harness/api-client.ts';
import { compareWithTruth, isEqual } from '../harness/compare.ts';
import { furnish } from '../harness/embedded-template.ts';
import { launchService, type Service } from '../harness/service.ts';
import type { DiscordSimulator } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import { defaultWorld } from '../simulators/discord/world/default-world.ts';

let discord: DiscordSimulator;
let dataDir: string;
let service: Service;

const start = async (): Promise<ApiClient> => {
  service = await launchService({ dataDir, discordApiUrl: discord.apiUrl }).listening;
  return service.api;
};

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'omni-accepted-'));
  await furnish(dataDir);
  const world = defaultWorld(Date.now(), { messages: 300 });
  discord = await startDiscordSimulator({ world, rateLimits: 'off', identifyIntervalMs: 0 });
  await (await start()).openLimits();
});

afterEach(async () => {
  await service.child.end('SIGKILL');
  await discord.close();
  await rm(dataDir, { recursive: true, force: true });
});

const expectComplete = async (api: ApiClient, instanceId: string, jobId: string): Promise<void> => {
  const job = await api.finished(instanceId, jobId);
  expect(job.status).toBe('completed');
  expect(isEqual(await compareWithTruth(api, instanceId, discord.groundTruth()))).toBe(true);
};

test('a sync that was answered with 202 runs, though the service was killed that very moment', {
  timeout: 360_000,
}, async () => {
  const { id } = await service.api.createInstance(discord.token);
  const { jobId } = await service.api.startSync(id, { depth: 'all' });
  await service.child.end('SIGKILL');
  await expectComplete(await start(), id, jobId);
});

test('a command that was committed and reached no mailbox runs at the next start', { timeout: 360_000 }, async () => {
  const { id } = await service.api.createInstance(discord.token);
  await service.child.end('SIGKILL');
  const jobId = JobId.make(randomUUID());
  const config = {
    type: 'messages',
    since: 0,
    until: null,
    depth: 'all',
    channelId: null,
    conversationIds: null,
    refresh: false,
  } as const;
  // All that is left of a service that died between the commit and the mailbox.
  const submitted = Effect.gen(function* () {
    const { commands } = yield* openDatabase({ databaseUrl: null, dataDir });
    yield* commands.submit(InstanceId.make(id), { type: 'startSync', jobId, config }, Date.now());
  });
  await Effect.runPromise(Effect.scoped(submitted));
  await expectComplete(await start(), id, jobId);
});
