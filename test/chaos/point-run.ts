import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Audit } from '../cluster/audit.ts';
import { ApiRefused, isOver, type JobShown } from '../harness/api-client.ts';
import { Cluster, worldOf } from '../harness/cluster.ts';
import { compareWithTruth } from '../harness/compare.ts';
import { furnish } from '../harness/embedded-template.ts';
import { eventually } from '../harness/eventually.ts';
import { struck } from '../harness/faults/orders.ts';
import type { Strike } from '../harness/faults/strike.ts';
import { ServiceProcess } from '../harness/service-process.ts';
import type { DiscordSimulator } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import { some } from './report.ts';

/** The process that is struck, and the one that goes on meanwhile, where it is not alone. */
interface Aim {
  readonly target: ServiceProcess;
  readonly other: ServiceProcess | null;
}

/** What is struck: a service that is alone, or one node of a cluster. */
export interface Ground {
  readonly discord: DiscordSimulator;
  readonly aim: () => Promise<Aim>;
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

export interface LoneOptions {
  /** Of each bot. */
  readonly messages?: number;
  readonly isClockShifted?: boolean;
}

/** One service on the embedded database. */
export const loneGround = async (seed: number, options: LoneOptions = {}): Promise<Ground> => {
  const { messages = MESSAGES, isClockShifted = false } = options;
  const world = worldOf({ bots: BOTS, messages });
  const discord = await startDiscordSimulator({ seed, world, rateLimits: 'off', identifyIntervalMs: 0 });
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-points-'));
  await furnish(dataDir);
  let launched: ServiceProcess | null = null;
  const close = async (): Promise<void> => {
    await launched?.kill();
    await discord.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const { apiUrl: discordApiUrl } = discord;
    const target = await ServiceProcess.launch({ dataDir, discordApiUrl, strikes: [], isApart: true, isClockShifted });
    launched = target;
    await target.api.openLimits();
    const instances: string[] = [];
    for (const { token, user } of discord.world.bots)
      instances.push((await target.api.createInstance(token, user.name)).id);
    return { discord, aim: async () => ({ target, other: null }), instances, findings: async () => [], close };
  } catch (error) {
    await close();
    throw error;
  }
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
    const aim = () =>
      eventually('the first instance has a home, and both nodes their share', PATIENCE_MS, async () => {
        const homes = await cluster.homes();
        if (!(await cluster.isShared())) return false;
        const target = cluster.nodes.find(({ id }) => id === homes.get(instances[0] ?? ''));
        return homes.size === BOTS && target !== undefined && { target, other: cluster.others(target)[0] ?? null };
      });
    return { discord: cluster.discord, aim, instances, findings: audit.findings, close: cluster.close };
  } catch (error) {
    await cluster.close();
    throw error;
  }
};

const inTime = async (what: string, work: Promise<unknown>): Promise<void> => {
  const over = new AbortController();
  const late = setTimeout(PATIENCE_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`Not within ${PATIENCE_MS} ms: ${what}`);
  });
  late.catch(() => {});
  await Promise.race([work, late]).finally(() => over.abort());
};

const isRefused = (error: unknown): error is ApiRefused => error instanceof ApiRefused && error.status < 500;

/** People who ask the process for syncs until it is struck. */
const askUntil = async (
  { target }: Aim,
  instances: readonly string[],
  over: Promise<void>,
): Promise<readonly string[]> => {
  const accepted: string[] = [];
  let isStruck = false;
  const end = over.then(() => {
    isStruck = true;
  });
  await eventually('it is struck', PATIENCE_MS, async () => {
    for (const id of instances) {
      const asked = target.api.startSync(id, EVERYTHING).then(({ jobId }) => void accepted.push(jobId));
      // One that runs already, a process that is dead or frozen.
      await Promise.race([asked.catch(() => {}), end]);
    }
    return isStruck;
  });
  return accepted;
};

/** Brings the process to its point, and resolves when it was struck there, with the jobs accepted on the way. */
const provoke = async (aim: Aim, instances: readonly string[], strike: Strike): Promise<readonly string[]> => {
  const { target, other } = aim;
  if (strike.point === 'takeover' && other === null) {
    await target.stop();
    const started = target.start([strike]);
    started.catch(() => {});
    await inTime('it is struck', struck(target.child));
    return [];
  }
  const { struck: over } = await target.arm(strike);
  if (strike.point === 'takeover') await other?.stop();
  else if (strike.point === 'release') target.child.process.kill('SIGTERM');
  else return askUntil(aim, instances, over);
  await inTime('it is struck', over);
  return [];
};

/** Everything runs again, as whatever looks after services would have it. */
const heal = async ({ target, other }: Aim, { point, blow }: Strike, frozenMs: number): Promise<void> => {
  if (blow === 'freeze') {
    await setTimeout(frozenMs);
    target.thaw();
  }
  const isEnding = blow === 'kill' || point === 'release' || (point === 'takeover' && other === null);
  if (isEnding && !(blow === 'freeze' && point === 'takeover')) {
    await inTime('it has ended', target.child.ended());
    await target.start([]);
  }
  if (other !== null && !other.isRunning) await other.start();
  await eventually('it answers', PATIENCE_MS, async () => {
    await target.api.call('GET', '/instances');
    return true;
  });
};

const overIn = ({ target }: Aim, id: string): Promise<readonly JobShown[]> =>
  eventually(`every job of ${id} is over`, PATIENCE_MS, async () => {
    const jobs = await Array.fromAsync(target.api.list<JobShown>(`/instances/${id}/sync`));
    return jobs.every(isOver) && jobs;
  });

/** Everything that is wrong when all is quiet again, and everybody was asked once more. */
const judge = async (
  { discord, instances, findings }: Ground,
  aim: Aim,
  accepted: readonly string[],
): Promise<readonly string[]> => {
  const { target } = aim;
  const problems: string[] = [];
  const known = new Set<string>();
  for (const [index, { token }] of discord.world.bots.entries()) {
    const id = instances[index] ?? '';
    await overIn(aim, id);
    await eventually('one more sync is accepted', PATIENCE_MS, async () => {
      const answer = await target.api.startSync(id, EVERYTHING).catch((error: unknown) => error);
      if (isRefused(answer)) throw answer;
      return !(answer instanceof Error);
    });
    for (const { jobId, status, errorMessage } of await overIn(aim, id)) {
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
    ...(await findings()),
  ];
};

/** Strikes once, heals what was struck, and says everything that is wrong afterwards. */
export const strikeOnce = async (ground: Ground, strike: Strike, frozenMs: number): Promise<readonly string[]> => {
  const aim = await ground.aim();
  const accepted = await provoke(aim, ground.instances, strike);
  await heal(aim, strike, frozenMs);
  return judge(ground, aim, accepted);
};
