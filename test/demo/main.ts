import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type InstanceShown, isOver, type JobShown } from '../harness/api-client.ts';
import { type Service, startService } from '../harness/service.ts';
import { startSimulatorProcess } from '../harness/simulator-process.ts';
import { startWhatsAppProcess } from '../harness/whatsapp-process.ts';
import { Board } from './board.ts';
import { type DemoAccount, discordAccount, whatsappAccount } from './demo-account.ts';
import { progressLine } from './progress-bar.ts';

const HELP = `Syncs a simulated Discord and a simulated WhatsApp, side by side, into an embedded database, and shows how it goes.

Usage: npm run demo -- [options]

  --once          end when the syncs are done, with exit code 0 if every message was stored
  --messages <n>  messages of each platform, about (default 2000)
  --seed <n>      the simulated worlds follow from it (default 1)
  --port <n>      where the service listens (default 8881; 0 picks a free one)
  --limit <n>     requests per minute (default 600, to keep the demo short; the service's own defaults are 50 and 30)
  --help
`;

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    messages: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    port: { type: 'string', default: '8881' },
    limit: { type: 'string', default: '600' },
    help: { type: 'boolean', default: false },
  },
});

const board = new Board();
const say = (line: string): void => board.say(line);

/** Shows the job until it is over: on each of its events, and once a second, since waiting makes none. */
const watch = async (service: Service, label: string, instanceId: string, jobId: string): Promise<JobShown> => {
  const show = async (): Promise<JobShown> => {
    const job = await service.api.job(instanceId, jobId);
    board.show(label, progressLine(job, Date.now()));
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
  }
};

/** Its whole history, and people and groups before it. */
const syncAll = async (service: Service, account: DemoAccount): Promise<readonly [InstanceShown, JobShown]> => {
  board.show(account.label, 'connecting …');
  const instance = await account.connect(service.api);
  const { jobId } = await service.api.startSync(instance.id, { type: 'all', depth: 'all' });
  const job = await watch(service, account.label, instance.id, jobId);
  if (!isOver(job)) throw new Error('The event stream ended before the job did.');
  return [instance, job];
};

/**
 * What a person who runs the demo wants to know in the end; true if nothing is missing that the job did not tell of.
 */
const summarize = async (service: Service, account: DemoAccount, job: JobShown): Promise<boolean> => {
  const { progress } = job;
  const unread = new Set(progress.errors.flatMap(({ externalId }) => externalId ?? []));
  const difference = await account.compare(service.api, job.instanceId, unread);
  const { expected, stored, missing, surplus, doubled, different } = difference;
  say('');
  say(
    `${account.label}: the job ${job.status}. ${progress.pages} pages, ${progress.conversationsDone} conversations, ${progress.errorCount} of them not readable or in trouble:`,
  );
  for (const error of progress.errors) say(`  ${error.externalId ?? '-'}: ${error.reason} (${error.message})`);
  const isComplete = missing.length + surplus.length + doubled.length + different.length === 0;
  say(
    `Of all others, against the platform's own list: ${stored} of ${expected} held, ${doubled.length} double, ${surplus.length} too many,`,
  );
  say(`${different.length} different. ${isComplete ? 'Complete.' : 'NOT COMPLETE:'}`);
  for (const line of [...missing, ...different].slice(0, 10)) say(`  ${line}`);
  return job.status === 'completed' && isComplete;
};

const run = async (): Promise<number> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-demo-'));
  say(
    'Starting a simulated Discord, a simulated WhatsApp and the service (its database takes a few seconds at first) …',
  );
  const size = ['--messages', values.messages, '--seed', values.seed];
  const discord = await startSimulatorProcess(size);
  const whatsapp = await startWhatsAppProcess([...size, '--bursts', 'off']);
  const service = await startService({
    dataDir,
    discordApiUrl: discord.apiUrl,
    whatsapp,
    port: Number(values.port),
  });
  const stop = async (): Promise<void> => {
    await service.child.end('SIGTERM');
    for (const { child } of [discord, whatsapp]) await child.end('SIGTERM');
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const limit = Number(values.limit);
    await service.api.nothingByItself();
    await service.api.call('PATCH', '/settings', {
      'sync.discord.messagesPerMinute': limit,
      'sync.discord.contactsPerMinute': limit,
      'sync.whatsapp.messagesPerMinute': limit,
    });
    say('A bot connects, a phone scans a QR code, and both are asked for everything they have:');
    say('');
    const accounts = [discordAccount(discord), whatsappAccount(whatsapp)];
    const synced = await Promise.all(accounts.map(async (account) => syncAll(service, account)));
    const verdicts: boolean[] = [];
    for (const [index, [, job]] of synced.entries())
      verdicts.push(await summarize(service, accounts[index] as DemoAccount, job));
    if (values.once) return verdicts.every(Boolean) ? 0 : 1;
    say('');
    say(`Serving on ${service.origin} (Ctrl-C ends it). Try:`);
    say(`  ${service.origin}/docs`);
    say(`  curl -s '${service.api.base}/persons?search=Ada'`);
    for (const [{ id }] of synced) say(`  curl -s ${service.api.base}/debug/actors/${id}`);
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
