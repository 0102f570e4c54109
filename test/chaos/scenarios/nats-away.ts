import { eventually } from '../../harness/eventually.ts';
import { type Report, seconds } from '../report.ts';
import { describeAnswers, watchApi } from './api-watch.ts';
import { atWork } from './at-work.ts';

const AWAY_MS = 60_000;
const BACK_MS = 30_000;

/** NATS killed, and back after 60 s: what was accepted meanwhile runs. */
export const natsAway = (seed: number): Promise<Report> =>
  atWork({ nodes: 2, bots: 6, messages: 400 }, seed, async ({ cluster, workload, requested }) => {
    await requested(30);
    await cluster.nats.halt('crash');
    const before = workload.accepted.length;
    const answers = await watchApi(cluster, '/instances', AWAY_MS);
    const meanwhile = workload.accepted.length - before;
    await cluster.nats.start();
    const backAt = performance.now();
    await eventually('every node is connected again', BACK_MS, async () => {
      const ready = cluster.nodes.map(({ api }) => fetch(`${api.base}/ready`).then((response) => response.text()));
      return (await Promise.all(ready)).every((text) => text.includes('connected'));
    });
    const refused = [...answers.statuses.keys()].filter((status) => status !== 200);
    return {
      line: `away for ${seconds(AWAY_MS)}, in which the API answered ${describeAnswers(answers)} and accepted ${meanwhile} jobs; connected again after ${seconds(performance.now() - backAt)}`,
      problems: [
        ...(meanwhile > 0 ? [] : ['no job was accepted while NATS was away']),
        ...(refused.length + answers.unanswered > 0 ? ['the API refused what needs no NATS'] : []),
      ],
    };
  });
