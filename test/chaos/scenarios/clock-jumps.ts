import { setTimeout } from 'node:timers/promises';
import { eventually } from '../../harness/eventually.ts';
import { shiftClock } from '../../harness/faults/orders.ts';
import type { ServiceProcess } from '../../harness/service-process.ts';
import { Chance } from '../../simulators/discord/chance.ts';
import type { DiscordSimulator } from '../../simulators/discord/discord-simulator.ts';
import { type Ground, loneGround } from '../point-run.ts';
import { type Report, seconds } from '../report.ts';
import { atWork } from './at-work.ts';
import { crowdedWindows } from './crowded-windows.ts';

const PER_MINUTE = 60;
const WINDOWS = [
  { ms: 60_000, limit: PER_MINUTE },
  { ms: 10_000, limit: PER_MINUTE / 6 },
] as const;
/** When a request leaves and when it arrives are not the same. */
const BLUR_MS = 1_000;
const RUN_MS = 100_000;
const JUMP_EVERY_MS = 7_000;
/** A minute's limit is used up in ten-second shares: a silence that is longer comes from a dead timer. */
const LONGEST_SILENCE_MS = 25_000;
const PAGES = '/channels/:channelId/messages';
const MINUTE_MS = 60_000;
const JUMPS_MS = [-180, -61, -2, 2, 61, 180].map((minutes) => minutes * MINUTE_MS);

const limited = (api: ServiceProcess['api']): Promise<unknown> =>
  api.call('PATCH', '/settings', { 'sync.discord.messagesPerMinute': PER_MINUTE });

interface Watch {
  readonly problems: () => readonly string[];
  readonly requests: () => number;
}

/** Remembers when pages of each channel were asked for: each bot has one. */
const watchRequests = (discord: DiscordSimulator): Watch => {
  const byChannel = new Map<string, number[]>();
  discord.requests.onRequest(({ at, route, channelId }) => {
    if (route !== PAGES || channelId === null) return;
    const instants = byChannel.get(channelId) ?? [];
    byChannel.set(channelId, instants);
    instants.push(at);
  });
  return {
    requests: () => [...byChannel.values()].reduce((sum, { length }) => sum + length, 0),
    problems: () =>
      [...byChannel].flatMap(([channel, instants]) => [
        ...WINDOWS.flatMap(({ ms, limit }) => {
          const crowded = crowdedWindows(instants, ms - BLUR_MS, limit);
          return crowded > 0 ? [`${crowded} windows of ${ms} ms with more than ${limit} requests for ${channel}`] : [];
        }),
        ...instants.flatMap((at, index) => {
          const silence = at - (instants[index - 1] ?? at);
          return silence > LONGEST_SILENCE_MS ? [`nothing was asked of ${channel} for ${seconds(silence)}`] : [];
        }),
      ]),
  };
};

/** Every few seconds one clock jumps, by minutes or hours, forth or back; the last one is right again. */
const jump = async (chance: Chance, services: readonly ServiceProcess[]): Promise<number> => {
  const until = performance.now() + RUN_MS;
  let jumps = 0;
  while (performance.now() < until) {
    const service = services[chance.below(services.length)];
    const shiftMs = JUMPS_MS[chance.below(JUMPS_MS.length)];
    if (service !== undefined && shiftMs !== undefined) await shiftClock(service.child, shiftMs);
    jumps += 1;
    await setTimeout(JUMP_EVERY_MS);
  }
  return jumps;
};

const onNodes = (seed: number): Promise<Report> =>
  atWork({ nodes: 2, bots: 2, messages: 20_000 }, seed, async ({ cluster, audit, requested }) => {
    await limited(cluster.anyNode.api);
    const watch = watchRequests(cluster.discord);
    await requested(4);
    const claims = await audit.takeovers();
    const jumps = await jump(new Chance(seed), cluster.nodes);
    const taken = (await audit.takeovers()) - claims;
    const [problems, requests] = [watch.problems(), watch.requests()];
    await cluster.anyNode.api.openLimits();
    return {
      line: `two nodes: ${jumps} jumps, ${requests} pages asked for meanwhile, ${taken} partitions taken over`,
      problems: [...problems, ...(taken > 0 ? [`${taken} partitions were taken over for a clock`] : [])],
    };
  });

const work = async ({ aim, instances, discord }: Ground, seed: number): Promise<Report> => {
  const { target } = await aim();
  await limited(target.api);
  const watch = watchRequests(discord);
  const jobs = await Promise.all(instances.map((id) => target.api.startSync(id, { depth: 'all' })));
  const jumps = await jump(new Chance(seed), [target]);
  const [problems, requests] = [watch.problems(), watch.requests()];
  await target.api.openLimits();
  const done = await Promise.all(
    jobs.map(({ jobId }, index) =>
      eventually(`job ${jobId} is over`, 120_000, async () => {
        const { status } = await target.api.job(instances[index] ?? '', jobId);
        return !['pending', 'waiting', 'running'].includes(status) && status;
      }),
    ),
  );
  return {
    line: `one service: ${jumps} jumps, ${requests} pages asked for meanwhile, jobs ${done.join(', ')}`,
    problems: [...problems, ...done.flatMap((status) => (status === 'completed' ? [] : [`a job ${status}`]))],
  };
};

const onOne = async (seed: number): Promise<Report> => {
  const ground = await loneGround(seed, { messages: 20_000, isClockShifted: true });
  try {
    return await work(ground, seed);
  } finally {
    await ground.close();
  }
};

/** Wall clocks that jump by minutes and hours, of two nodes and of a service that is alone. */
export const clockJumps = async (seed: number): Promise<Report> => {
  const reports = [await onOne(seed), await onNodes(seed)];
  return {
    line: reports.map(({ line }) => line).join('; '),
    problems: reports.flatMap(({ problems }) => problems),
  };
};
