import { Audit } from '../../cluster/audit.ts';
import { Cluster } from '../../harness/cluster.ts';
import { compareWithTruth, isEqual } from '../../harness/compare.ts';
import { eventually } from '../../harness/eventually.ts';
import { Poisoned, poisonOf, TRIES } from '../poisoned.ts';
import { type Report, seconds } from '../report.ts';

const START_MS = 60_000;
const JOB_MS = 120_000;

/** A command that kills every node which runs it: a dead letter after five tries, and everything else goes on. */
export const poison = async (seed: number): Promise<Report> => {
  const startedAt = performance.now();
  const cluster = await Cluster.start({ nodes: 2, bots: 2, messages: 200, simulator: { seed }, areFaulty: true });
  try {
    const audit = await Audit.install(cluster);
    const [instanceId = ''] = await cluster.connect();
    await eventually('every node has its share', START_MS, () => cluster.isShared());
    const [bot] = cluster.discord.world.bots;
    const channel = [...cluster.discord.world.channels()].find(({ guild }) => guild.name === bot?.user.name);
    const request = { depth: 'all', channelId: channel?.id ?? '' };
    const services = new Poisoned(cluster.nodes);
    const strike = poisonOf(request.channelId);

    await services.poison(strike);
    const { jobId } = await services.ask((api) => api.startSync(instanceId, request));
    const { status, errorMessage } = await services.outlive(strike, instanceId, jobId);
    const dead = await services.deadLetters();
    await services.cure();
    const over = (job: string) =>
      eventually(`job ${job} is over`, JOB_MS, async () => {
        const shown = await services.ask((api) => api.job(instanceId, job));
        return ['completed', 'failed'].includes(shown.status) && shown.status;
      });
    const again = await services.ask((api) => api.startSync(instanceId, request));
    const next = await over(again.jobId);
    await services.ask((api) => api.call('POST', `/debug/dead-letters/${dead[0]?.id}/requeue`));
    const jobs = await services.ask((api) =>
      Array.fromAsync(api.list<{ readonly jobId: string }>(`/instances/${instanceId}/sync`)),
    );
    const requeued = jobs.find((job) => job.jobId !== jobId && job.jobId !== again.jobId);
    const last = requeued === undefined ? 'never begun' : await over(requeued.jobId);
    const comparison = await services.ask((api) =>
      compareWithTruth(api, instanceId, cluster.discord.groundTruth(bot?.token)),
    );
    return {
      line: `${services.kills} kills; the job ${status} (${errorMessage}), ${dead.length} dead letter after ${dead[0]?.attempts} tries; the next sync of the same scope ${next}, requeued it ${last}; ${seconds(performance.now() - startedAt)}`,
      problems: [
        ...(services.kills === TRIES ? [] : [`it killed ${services.kills} times, not ${TRIES}`]),
        ...(status === 'failed' && dead.length === 1 && dead[0]?.attempts === TRIES ? [] : ['it is no dead letter']),
        ...(next === 'completed' && last === 'completed' ? [] : ['what came after it did not complete']),
        ...(isEqual(comparison) ? [] : ['what is stored is not what the platform has']),
        ...(await audit.findings()).filter((finding) => !finding.startsWith('a dead letter')),
      ],
    };
  } finally {
    await cluster.close();
  }
};
