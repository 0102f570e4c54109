import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, type InstanceShown, type JobShown, OVER } from '../../harness/api-client.ts';
import type { Comparison } from '../../harness/compare.ts';
import { compareWithPhone } from '../../harness/compare-phone.ts';
import { furnish } from '../../harness/embedded-template.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Launched, launchService, type ServiceOptions } from '../../harness/service.ts';
import type { ContactShown } from '../../harness/stored-people.ts';
import { startWhatsAppSimulator } from '../../simulators/whatsapp/simulator.ts';
import type { WhatsAppSimulator } from '../../simulators/whatsapp/whatsapp-simulator.ts';
import { defaultWorld } from '../../simulators/whatsapp/world/default-world.ts';
import { Chatter } from './chatter.ts';
import { execute, whileWhatsAppHears } from './executioner.ts';
import { type Kill, killPlan } from './kill-plan.ts';

export interface WhatsAppChaosOptions {
  /** World, kills and chatter follow from it. */
  readonly seed: number;
  readonly kills: number;
  readonly messages: number;
  /** An empty database of PostgreSQL; null: the embedded one. */
  readonly databaseUrl: string | null;
}

/** What a run came to. */
export interface WhatsAppOutcome {
  readonly instance: InstanceShown & { readonly pushes: unknown };
  /** Every job that was ever started, the last two of them undisturbed. */
  readonly jobs: readonly JobShown[];
  /** When the jobs under which the service was killed are over, and nobody has written since. */
  readonly atOnce: Comparison;
  /** After one more message in each chat and a sync. */
  readonly inTheEnd: Comparison;
  /** After what is held was read again, for edits and deletions of which nobody heard. */
  readonly refreshed: Comparison;
  readonly wrongNames: readonly string[];
  readonly whatsapp: WhatsAppSimulator;
  readonly killsBySight: Readonly<Record<string, number>>;
  readonly pushes: number;
  readonly changes: number;
  readonly tookMs: number;
}

const PATIENCE_MS = 90_000;

/**
 * The phone pushes what is recent and no more, in small portions, and answers with small pages: so there is much to
 * kill.
 */
const PUSH = { recentDays: 20, fullDays: 60, bootstrapPerChat: 5, chunkMessages: 20, pauseMs: 150 };
const PAGE = 15;

const NEVER = 'http://127.0.0.1:1/api';

/** One service, one number; killed again and again, and started again without a word. */
class WhatsAppChaosRun {
  readonly #options: WhatsAppChaosOptions;
  readonly #whatsapp: WhatsAppSimulator;
  readonly #service: ServiceOptions;
  readonly #chatter: Chatter;
  readonly #killsBySight: Record<string, number> = {};
  #launched: Launched;

  constructor(options: WhatsAppChaosOptions, whatsapp: WhatsAppSimulator, dataDir: string) {
    const { databaseUrl, seed } = options;
    this.#options = options;
    this.#whatsapp = whatsapp;
    this.#service = {
      dataDir,
      discordApiUrl: NEVER,
      whatsapp,
      ...(databaseUrl === null ? {} : { databaseUrl }),
    };
    this.#chatter = new Chatter(whatsapp, seed);
    this.#launched = launchService(this.#service);
  }

  async run(): Promise<WhatsAppOutcome> {
    const startedAt = performance.now();
    const id = await this.#pair();
    const { seed, kills } = this.#options;
    const plan = killPlan(seed, kills);
    const stopChatter = this.#whatsapp.log.watch((sight) => {
      if (sight === 'download' || sight === 'historyRequest') this.#chatter.sometimes();
    });
    for (const kill of plan.whilePushed) await this.#kill(kill);
    this.#chatter.revealMapping();
    for (const kill of plan.whileAsked) {
      this.#startJob(id);
      await this.#kill(kill);
    }
    stopChatter();
    return { ...(await this.#verify(id)), tookMs: performance.now() - startedAt };
  }

  async end(): Promise<void> {
    await this.#launched.child.end('SIGKILL');
  }

  async #pair(): Promise<string> {
    const { api } = await this.#launched.listening;
    await api.nothingByItself();
    await api.call('PATCH', '/settings', {
      'sync.whatsapp.messagesPerMinute': 1_000_000,
      'sync.whatsapp.contactsPerMinute': 1_000_000,
    });
    const { id } = await api.data<InstanceShown>('POST', '/instances', {
      name: 'a number',
      channel: 'whatsapp',
      historyDepth: 'full',
    });
    const qr = await eventually('a QR code is there', PATIENCE_MS, async () => {
      const shown = await api.data<{ qr: string | null }>('GET', `/instances/${id}/qr`);
      return shown.qr;
    });
    const { promise: isSaved, resolve } = Promise.withResolvers<void>();
    const stop = this.#whatsapp.log.watch(() => {
      // It has logged in with what it saved: from here on it must never ask to be paired again.
      if (this.#whatsapp.isOnline()) resolve();
    });
    this.#whatsapp.scan(qr);
    await whileWhatsAppHears(this.#whatsapp, this.#launched.child, isSaved);
    stop();
    return id;
  }

  async #kill(kill: Kill): Promise<void> {
    const hasSeen = await execute(this.#whatsapp, this.#chatter, this.#launched.child, kill);
    const name = hasSeen ? kill.sight : 'idle';
    this.#killsBySight[name] = (this.#killsBySight[name] ?? 0) + 1;
    for (let change = 0; change < 2; change++) this.#chatter.something();
    this.#launched = launchService(this.#service);
    // It may be killed before it listens.
    this.#launched.listening.catch(() => {});
  }

  /** As soon as the service listens, if it lives so long, and none runs. */
  #startJob(id: string): void {
    void this.#launched.listening.then(({ api }) => api.startSync(id, { depth: 'all' })).catch(() => {});
  }

  async #verify(id: string): Promise<Omit<WhatsAppOutcome, 'tookMs'>> {
    const { api } = await whileWhatsAppHears(this.#whatsapp, this.#launched.child, this.#launched.listening);
    const heard = <A>(work: Promise<A>): Promise<A> =>
      whileWhatsAppHears(this.#whatsapp, this.#launched.child, work).catch(async (error: Error) => {
        throw new Error(`${error.message}\n${await this.#standing(api, id)}`);
      });
    await this.#chatter.settled();
    for (const { jobId } of await this.#jobs(api, id)) await heard(api.finished(id, jobId));
    await this.#worksOff(api, id);
    await heard(api.sync(id, { depth: 'all' }));
    const atOnce = await this.#compare(api, id);
    this.#chatter.closingWords();
    await this.#chatter.settled();
    await this.#worksOff(api, id);
    await heard(api.sync(id, { depth: 'all' }));
    const inTheEnd = await this.#compare(api, id);
    await heard(api.sync(id, { depth: 'all', refresh: true }));
    return {
      instance: await api.data('GET', `/instances/${id}/status`),
      jobs: await this.#jobs(api, id),
      atOnce,
      inTheEnd,
      refreshed: await this.#compare(api, id),
      wrongNames: await this.#wrongNames(api, id),
      whatsapp: this.#whatsapp,
      killsBySight: this.#killsBySight,
      pushes: this.#whatsapp.log.receipts.filter(({ type }) => type === 'hist_sync').length,
      changes: this.#chatter.changes,
    };
  }

  /** How things stand when nothing goes on. */
  async #standing(api: ApiClient, id: string): Promise<string> {
    const active = (await this.#jobs(api, id)).filter(({ status }) => !OVER.has(status));
    const actors = await api.data('GET', `/debug/actors/${id}`);
    return `Jobs: ${JSON.stringify(active)}\nActors: ${JSON.stringify(actors)}`;
  }

  #jobs(api: ApiClient, id: string): Promise<JobShown[]> {
    return Array.fromAsync(api.list<JobShown>(`/instances/${id}/sync`));
  }

  #compare(api: ApiClient, id: string): Promise<Comparison> {
    return compareWithPhone(api, id, this.#whatsapp.groundTruth());
  }

  /** Resolves when nothing is on its way to the service, and nothing that came waits to be stored. */
  async #worksOff(api: ApiClient, id: string): Promise<void> {
    await eventually('everything pushed is stored', PATIENCE_MS, async () => {
      await this.#whatsapp.idle();
      const onTheWay = this.#whatsapp.account().linked.flatMap(({ waiting }) => waiting).length;
      const status = await api.data<{ state: string; pushes: { waiting: number } }>('GET', `/instances/${id}/status`);
      if (onTheWay === 0 && status.state === 'online' && status.pushes.waiting === 0) return true;
      throw new Error(`${onTheWay} on the way, ${JSON.stringify(status)}`);
    });
  }

  async #wrongNames(api: ApiClient, id: string): Promise<readonly string[]> {
    const held = await Array.fromAsync(api.list<ContactShown>(`/instances/${id}/contacts`));
    const byId = new Map(held.map((contact) => [contact.externalId, contact]));
    return this.#whatsapp.contacts().flatMap(({ name, pn, lid, isMappingKnown, savedAs }) => {
      const saved = byId.get(isMappingKnown ? pn : lid)?.names.saved ?? null;
      return saved === savedAs ? [] : [`${name} is saved as ${savedAs}, not ${saved}`];
    });
  }
}

/** Runs the plan that follows from the seed, on a service, a database and a simulated WhatsApp of its own. */
export const runWhatsAppChaos = async (options: WhatsAppChaosOptions): Promise<WhatsAppOutcome> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-chaos-'));
  await furnish(dataDir);
  const { seed, messages } = options;
  const whatsapp = await startWhatsAppSimulator({
    seed,
    world: (now) => defaultWorld(now, { messages }),
    push: PUSH,
    onDemand: { burst: null },
  });
  whatsapp.faults.add({ kind: 'halfAnswer', messages: PAGE }, { times: -1 });
  const run = new WhatsAppChaosRun(options, whatsapp, dataDir);
  try {
    return await run.run();
  } finally {
    await run.end();
    await whatsapp.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};
