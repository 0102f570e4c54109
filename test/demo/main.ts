import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isOver, type JobShown } from '../harness/api-client.ts';
import { compareWithTruth, groundTruthOf, isEqual } from '../harness/compare.ts';
import { type Service, startService } from '../harness/service.ts';
import { type SimulatorProcess, startSimulatorProcess } from '../harness/simulator-process.ts';
import { progressLine } from './progress-bar.ts';

const HELP = `Syncs a simulated Discord into an embedded database, and shows how it goes.

Usage: npm run demo -- [options]

  --once          end when the sync is done, with exit code 0 if every message was stored
  --messages <n>  messages of the simulated Discord, about (default 3000)
  --seed <n>      the simulated world follows from it (default 1)
  --port <n>      where the service listens (default 8881; 0 picks a free one)
  --limit <n>     requests per minute (default 600, to keep the demo short; the service's own default is 50)
  --help
`;

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    messages: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    port: { type: 'string', default: '8881' },
    limit: { type: 'string', default: '600' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

let drawn = '';

const draw = (line: string): void => {
  if (line === drawn) return;
  drawn = line;
  if (process.stdout.isTTY)
    process.stdout.write(`\r\u001B[K${line.slice(0, Math.max(20, process.stdout.columns - 1))}`);
  else say(line);
};

/** Shows the job until it is over: on each of its events, and once a second, since waiting makes none. */
const watch = async (service: Service, instanceId: string, jobId: string): Promise<JobShown> => {
  const show = async (): Promise<JobShown> => {
    const job = await service.api.job(instanceId, jobId);
    draw(progressLine(job, Date.now()));
    const { error } = await service.api.instance(instanceId);
    if (error !== null) throw new Error(error.message);
    return job;
  };
  const failed = new AbortController();
  const ticker = setInterval(() => void show().catch((error: unknown) => failed.abort(error)), 1000);
  try {
    const events = service.api.follow(instanceId, jobId, { signal: failed.signal });
    for await (const event of events) if (event.name !== 'sync.started') await show();
    return await show();
  } finally {
    clearInterval(ticker);
    if (process.stdout.isTTY) say('');
  }
};

const summarize = async (service: Service, simulator: SimulatorProcess, job: JobShown): Promise<boolean> => {
  const { progress } = job;
  const comparison = await compareWithTruth(service.api, job.instanceId, groundTruthOf(simulator.apiUrl));
  say('');
  say(
    `The job ${job.status}: ${progress.stored} messages stored, ${progress.duplicates} seen twice, ${progress.pages} pages.`,
  );
  say(`${progress.conversationsDone} conversations; not readable or in trouble: ${progress.errorCount}.`);
  for (const error of progress.errors) say(`  ${error.externalId ?? '-'}: ${error.reason} (${error.message})`);
  const { expected, stored, missing, surplus, doubled, different } = comparison;
  say(
    `Against the platform's own list: ${stored} of ${expected} held; ${missing.length} missing, ${surplus.length} too many,`,
  );
  say(
    `${doubled.length} double, ${different.length} different. ${isEqual(comparison) ? 'Complete.' : 'NOT COMPLETE.'}`,
  );
  return job.status === 'completed' && isEqual(comparison);
};

const run = async (): Promise<number> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-demo-'));
  say('Starting a simulated Discord and the service (the embedded database takes a few seconds the first time) …');
  const simulator = await startSimulatorProcess(['--messages', values.messages, '--seed', values.seed]);
  const service = await startService({ dataDir, discordApiUrl: simulator.apiUrl, port: Number(values.port) });
  const stop = async (): Promise<void> => {
    await service.child.end('SIGTERM');
    await simulator.child.end('SIGTERM');
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const limit = Number(values.limit);
    await service.api.nothingByItself();
    await service.api.call('PATCH', '/settings', {
      'sync.discord.messagesPerMinute': limit,
      'sync.discord.contactsPerMinute': limit,
    });
    const instance = await service.api.createInstance(simulator.token, 'demo');
    say(`The bot "${instance.name}" is connecting. Asking for its whole history:`);
    say('');
    const { jobId } = await service.api.startSync(instance.id, { depth: 'all' });
    const job = await watch(service, instance.id, jobId);
    if (!isOver(job)) throw new Error('The event stream ended before the job did.');
    const complete = await summarize(service, simulator, job);
    if (values.once) return complete ? 0 : 1;
    say('');
    say(`Serving on ${service.origin} (Ctrl-C ends it). Try:`);
    say(`  ${service.origin}/docs`);
    say(`  curl -s ${service.api.base}/debug/actors/${instance.id}`);
    say(`  curl -s -X POST ${service.api.base}/instances/${instance.id}/sync -d '{"type": "messages", "depth": "7d"}'`);
    await new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
      void service.child.ended().then(() => resolve());
    });
    return 0;
  } finally {
    await stop();
  }
};

if (values.help) {
  process.stdout.write(HELP);
} else {
  try {
    process.exitCode = await run();
  } catch (error) {
    say('');
    say(`The demo could not go on: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
