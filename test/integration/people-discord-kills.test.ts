import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { execute, whileHeard } from '../chaos/executioner.ts';
import { killPlan } from '../chaos/kill-plan.ts';
import type { ApiClient, JobShown } from '../harness/api-client.ts';
import { furnish } from '../harness/embedded-template.ts';
import { launchService } from '../harness/service.ts';
import { inOrder, storedPeople } from '../harness/stored-people.ts';
import type { DiscordSimulator } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const MEMBERS = 8_000;
const PAGES = MEMBERS / 1_000 + 1;
const KILLS = 4;

/** How often each page of members was asked for. */
const readsOf = (discord: DiscordSimulator): ReadonlyMap<string, number> => {
  const reads = new Map<string, number>();
  discord.requests.onRequest(({ route, query }) => {
    if (route !== '/guilds/:guildId/members') return;
    const after = new URLSearchParams(query).get('after') ?? 'first';
    reads.set(after, (reads.get(after) ?? 0) + 1);
  });
  return reads;
};

const expectTruth = async (api: ApiClient, instanceId: string, discord: DiscordSimulator): Promise<void> => {
  const stored = storedPeople(api, instanceId);
  expect(await inOrder(stored.contacts)).toEqual(await inOrder(discord.contacts()));
  expect(await inOrder(stored.members)).toEqual(await inOrder(discord.members()));
};

test(`a service that is killed again and again in the middle of a guild of 8,000 goes on with the page where it was (seed ${SEED})`, {
  timeout: 400_000,
}, async () => {
  const discord = await startDiscordSimulator({
    seed: SEED,
    world: { guilds: [{ name: 'Metropolis', members: MEMBERS, channels: [{ name: 'square' }] }] },
    rateLimits: 'off',
    identifyIntervalMs: 0,
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-people-'));
  await furnish(dataDir);
  const options = { dataDir, discordApiUrl: discord.apiUrl };
  let launched = launchService(options);
  const reads = readsOf(discord);
  try {
    const first = await launched.listening;
    await first.api.openLimits();
    await first.api.call('PATCH', '/settings', { 'sync.onConnect': false });
    const { id } = await first.api.createInstance(discord.token);
    const { jobId } = await first.api.startSync(id, { type: 'contacts' });
    for (const kill of killPlan(SEED, KILLS, PAGES)) {
      await execute(discord, launched.child, kill);
      launched = launchService(options);
      // It may be killed before it listens.
      launched.listening.catch(() => {});
    }
    const { api, child } = await launched.listening;
    const job: JobShown = await whileHeard(discord, child, api.finished(id, jobId));
    expect(job).toMatchObject({ status: 'completed', progress: { errorCount: 0 } });
    expect(job.progress.parts).toMatchObject([{ status: 'completed', gone: 0 }]);
    await expectTruth(api, id, discord);
    // A page is lost with the process that was storing it, and the one that was asked for ahead of it.
    const again = [...reads.values()].reduce((sum, times) => sum + times - 1, 0);
    expect(reads.size).toBe(PAGES);
    expect(again).toBeLessThanOrEqual(2 * KILLS);

    // Whoever a killed survey has seen is not called gone, and who has left meanwhile is.
    const left = discord.world.people.at(5_000).id;
    discord.world.desk.leave('Metropolis', left);
    const second = await whileHeard(discord, child, api.sync(id, { type: 'contacts' }));
    expect(second.progress).toMatchObject({ stored: 0, updated: 0 });
    expect(second.progress.parts).toMatchObject([{ gone: 2 }]);
    await expectTruth(api, id, discord);
  } finally {
    await launched.child.end('SIGKILL');
    await discord.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
