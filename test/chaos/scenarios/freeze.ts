import { setTimeout } from 'node:timers/promises';
import type { ClusterNode } from '../../harness/cluster-node.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Report, seconds } from '../report.ts';
import { atWork } from './at-work.ts';

const FROZEN_MS = 30_000;
/** What was on its way when the node froze may still arrive, and commit. */
const ON_THE_WAY_MS = 1_000;
const WAKE_MS = 20_000;
const CLOSE_MS = 3_000;

/** SIGSTOP of one of three nodes for 30 s, then SIGCONT. */
export const freeze = (seed: number): Promise<Report> =>
  atWork({ nodes: 3, bots: 9, messages: 400 }, seed, async ({ cluster, audit, requested }) => {
    const node = cluster.nodes.at(-1) as ClusterNode;
    const asked: number[] = [];
    const stopListening = cluster.discord.requests.onRequest(({ host, at }) => {
      if (host === node.platformHost) asked.push(at);
    });
    await requested(60);
    const before = asked.length;
    const frozenAt = Date.now();
    node.freeze();
    await setTimeout(FROZEN_MS);
    const open = node.roads.discord.open;
    const closed = node.roads.discord.drained().then(() => Date.now());
    const wokenAt = Date.now();
    node.thaw();
    const closedAt = await closed;
    const claimedAt = await eventually('it claims again', WAKE_MS, () => audit.claimedAfter(node.name, wokenAt));
    stopListening();
    const late = asked.filter((at) => at > frozenAt + ON_THE_WAY_MS && at < claimedAt);
    const commits = await audit.commitsOf(node.name, frozenAt + ON_THE_WAY_MS, claimedAt);
    return {
      line: [
        `frozen for ${seconds(wokenAt - frozenAt)} after ${before} requests`,
        `woken it closed its ${open} connections after ${seconds(closedAt - wokenAt)}`,
        `committed ${commits} steps and sent ${late.length} requests before it claimed anew after ${seconds(claimedAt - wokenAt)}`,
      ].join('; '),
      problems: [
        ...(before > 0 ? [] : ['the node had nothing to do before it was frozen']),
        ...(late.length > 0 ? [`the woken node sent ${late.length} requests`] : []),
        ...(commits > 0 ? [`the woken node committed ${commits} steps`] : []),
        ...(closedAt - wokenAt > CLOSE_MS ? ['the woken node kept its connections'] : []),
      ],
    };
  });
