import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Audit } from '../cluster/audit.ts';
import { ApiRefused, isOver, type JobShown } from '../harness/api-client.ts';
import { Cluster, worldOf } from '../harness/cluster.ts';
import { compareWithTruth } from '../harness/compare.ts';
import { eventually } from '../harness/eventually.ts';
import { struck } from '../harness/faults/orders.ts';
import type { Strike } from '../harness/faults/strike.ts';
import { ServiceProcess } from '../harness/service-process.ts';
import type { DiscordSimulator } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import { some } from './report.ts';

/** What is struck: a service that is alone, or one node of a cluster. */
export interface Ground {
  readonly discord: DiscordSimulator;
  /** The process that is struck, and the one that answers meanwhile: the same where it is alone. */
  readonly target: ServiceProcess;
  readonly other: ServiceProcess | null;
  /** Of each bot, in their order. */
  readonly instances: readonly string[];
  /** What the database saw and must not be. */
  readonly findings: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

const BOTS = 3;
const MESSAGES = 250;
const EVERYTHING = { depth: 'all', refresh: true };
/** On a busy machine, a sweeper's round and a lease included. */
const PATIENCE_MS = 90_000;

/** One service on the embedded database. */
export const loneGround = async (seed: number): Promise<Ground> => {
  const world = worldOf({ bots: BOTS, messages: MESSAGES });
  const discord = await startDiscordSimulator({ seed, world, rateLimits: 'off', identifyIntervalMs: 0 });
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-points-'));
  const target = await ServiceProcess.launch({ dataDir, discordApiUrl: discord.apiUrl, strikes: [], isApart: true });
  await target.api.openLimits();
  const instances: string[] = [];
  for (const { token, user } of discord.world.bots)
    instances.push((await target.api.createInstance(token, user.name)).id);
  return {
    discord,
    target,
    other: null,
    instances,
    findings: async () => [],
    close: async () => {
      await target.kill();
      await discord.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};

/** Two nodes; the one at which the first instance lives is struck. */
export const sharedGround = async (seed: number): Promise<Ground> => {
  const cluster = await Cluster.start({
    nodes: 2,
    bots: BOTS,
    messages: MESSAGES,
    simulator: { seed },
    areFaulty: true,
  });
  try {
    const audit = await Audit.install(cluster);
    const instances = await cluster.connect();
    const home = await eventually('the first instance has a home', PATIENCE_MS, async () => {
      const homes = await cluster.homes();
      return homes.size === BOTS && homes.get(instances[0] ?? '');
    });
    const target = cluster.nodes.find(({ id }) => id === home) ?? cluster.anyNode;
    const [other = null] = cluster.others(target);
    return { discord: cluster.discord, target, other, instances, findings: audit.findings, close: cluster.close };
  } catch (error) {
    await cluster.close();
    throw error;
  }
};

const isRefused = (error: unknown): error is ApiRefused => error instanceof ApiRefused && error.status < 500;

/** People who ask the struck process for syncs until it is struck. */
const askUntil = async ({ target, instances }: Ground, over: Promise<void>): Promise<readonly string[]> => {
  const accepted: string[] = [];
  let isStruck = false;
  const end = over.finally(() => {
    isStruck = true;
  });
  while (!isStruck) {
    for (const id of instances) {
      const asked = target.api.startSync(id, EVERYTHING).then(({ jobId }) => void accepted.push(jobId));
      // One that runs already, a process that is dead or frozen.
      await Promise.race([asked.catch(() => {}), end]);
    }
    await Promise.race([setTimeout(50), end]);
  }
  await end;
  return accepted;
};

/** Brings the process to its point, and resolves when it was struck there, with the jobs accepted on the way. */
const provoke = async (ground: Ground, strike: Strike): Promise<readonly string[]> => {
  const { target, other } = ground;
  if (strike.point === 'takeover' && other === null) {
    await target.stop();
    const started = target.start([strike]);
    started.catch(() => {});
    await struck(target.child);
    return [];
  }
  const { struck: over } = await target.arm(strike);
  if (strike.point === 'takeover') await other?.stop();
  else if (strike.point === 'release') target.child.process.kill('SIGTERM');
  else return askUntil(ground, over);
  await over;
  return [];
};

/** Everything runs again, as whatever looks after services would have it. */
const heal = async ({ target, other }: Ground, { point, blow }: Strike, frozenMs: number): Promise<void> => {
  if (blow === 'freeze') {
    await setTimeout(frozenMs);
    target.thaw();
  }
  const isEnding = blow === 'kill' || point === 'release' || (point === 'takeover' && other === null);
  if (isEnding && !(blow === 'freeze' && point === 'takeover')) {
    await target.child.ended();
    await target.start([]);
  }
  if (other !== null && !other.isRunning) await other.start();
  await eventually('it answers', PATIENCE_MS, async () => {
    await target.api.call('GET', '/instances');
    return true;
  });
};

const overIn = (ground: Ground, id: string): Promise<readonly JobShown[]> =>
  eventually(`every job of ${id} is over`, PATIENCE_MS, async () => {
    const jobs = await Array.fromAsync(ground.target.api.list<JobShown>(`/instances/${id}/sync`));
    return jobs.every(isOver) && jobs;
  });

/** Everything that is wrong when all is quiet again, and everybody was asked once more. */
const judge = async (ground: Ground, accepted: readonly string[]): Promise<readonly string[]> => {
  const { target, discord, instances } = ground;
  const problems: string[] = [];
  const known = new Set<string>();
  for (const [index, { token }] of discord.world.bots.entries()) {
    const id = instances[index] ?? '';
    await overIn(ground, id);
    await eventually('one more sync is accepted', PATIENCE_MS, async () => {
      const answer = await target.api.startSync(id, EVERYTHING).catch((error: unknown) => error);
      if (isRefused(answer)) throw answer;
      return !(answer instanceof Error);
    });
    for (const { jobId, status, errorMessage } of await overIn(ground, id)) {
      known.add(jobId);
      if (status !== 'completed') problems.push(`job ${jobId} ${status}: ${errorMessage ?? 'no message'}`);
    }
    const { missing, surplus, doubled, different } = await compareWithTruth(target.api, id, discord.groundTruth(token));
    problems.push(...some('missing', missing), ...some('too many', surplus));
    problems.push(...some('double', doubled), ...some('different', different));
  }
  const lost = accepted.filter((jobId) => !known.has(jobId));
  const dead = await Array.fromAsync(target.api.list<{ readonly reason: string }>('/debug/dead-letters'));
  return [
    ...problems,
    ...lost.map((jobId) => `job ${jobId} was accepted and is gone`),
    ...dead.map(({ reason }) => `a dead letter: ${reason}`),
    ...(await ground.findings()),
  ];
};

/** Strikes once, heals what was struck, and says everything that is wrong afterwards. */
export const strikeOnce = async (ground: Ground, strike: Strike, frozenMs: number): Promise<readonly string[]> => {
  const accepted = await provoke(ground, strike);
  await heal(ground, strike, frozenMs);
  return judge(ground, accepted);
};
