import { type Report, seconds } from '../report.ts';
import { describeAnswers, watchApi } from './api-watch.ts';
import { atWork } from './at-work.ts';
import { activeJobs, firstWords, installJobLog } from './job-log.ts';

const AWAY_MS = 60_000;
/** The trust in a lease outlives its last renewal by this much, and a request that is under way by a little more. */
const QUIET_AFTER_MS = 8_000;

/**
 * PostgreSQL killed, and back after 60 s: nobody crashes, the API says so, jobs wait and say so, all goes on by itself.
 */
export const postgresAway = (seed: number): Promise<Report> =>
  atWork({ nodes: 2, bots: 6, messages: 400, prepare: installJobLog }, seed, async ({ cluster, requested }) => {
    await requested(30);
    const jobs = await activeJobs(cluster);
    await cluster.postgres.halt('crash');
    const goneAt = Date.now();
    const asked: number[] = [];
    const stopListening = cluster.discord.requests.onRequest(({ at }) => void asked.push(at));
    const answers = await watchApi(cluster, '/instances', AWAY_MS);
    const [late, survivors] = [
      asked.filter((at) => at > goneAt + QUIET_AFTER_MS).length,
      cluster.nodes.filter(({ isRunning }) => isRunning).length,
    ];
    stopListening();
    const backAt = Date.now();
    await cluster.postgres.start();
    await requested(1);
    const resumedMs = Date.now() - backAt;
    await requested(60);
    const words = await firstWords(cluster, jobs, backAt);
    const mute = words.filter(({ status, waitsFor }) => status !== 'waiting' || waitsFor === null);
    const refused = answers.statuses.get(503) ?? 0;
    return {
      line: [
        `away for ${seconds(AWAY_MS)}, in which the API answered ${describeAnswers(answers)}`,
        `${words.length - mute.length} of ${jobs.length} jobs then said what they waited for`,
        `first request ${seconds(resumedMs)} after it was back`,
      ].join('; '),
      problems: [
        ...(jobs.length > 0 ? [] : ['no job was at work when it went away']),
        ...(survivors === cluster.nodes.length ? [] : [`only ${survivors} nodes survived`]),
        ...(late === 0 ? [] : [`${late} requests left without a lease`]),
        ...(answers.statuses.size === 1 && refused > 0 ? [] : ['the API did not answer with 503 all the time']),
        ...(answers.mute + answers.unanswered > 0 ? ['the API did not say when to come back'] : []),
        ...mute.map(({ job, status, waitsFor }) => `job ${job} first said it was ${status}, waiting for ${waitsFor}`),
        ...(words.length === jobs.length ? [] : [`${jobs.length - words.length} jobs said nothing`]),
      ],
    };
  });
