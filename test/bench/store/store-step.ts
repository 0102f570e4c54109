import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import type { Limits } from '../../../machines/rate-limit-context.ts';
import type { ChannelTraits } from '../../../src/channels/channel.ts';
import type { Command } from '../../../src/domain/command.ts';
import { ExternalId, JobId } from '../../../src/domain/ids.ts';
import type { InstanceActors } from '../../../src/runtime/instance-actors.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';
import type { Report } from '../../../src/runtime/report.ts';
import { restoreActors } from '../../../src/runtime/step/restore.ts';
import { type StepInput, takeStep } from '../../../src/runtime/step/step.ts';
import { syncWork } from '../../../src/sync/sync-work.ts';
import { jobConfig } from '../../harness/job-config.ts';
import type { BenchStore } from './bench-store.ts';
import { type ConversationPages, pageOf } from './message-pages.ts';

const OPEN: Limits = { messages: 1_000_000, contacts: 1_000_000, unit: 'request', atOnce: null };
const TRAITS: ChannelTraits = {
  readsBelow: 'anything',
  pairs: false,
  hasAliases: false,
  requestsAtOnce: null,
  datesEdits: true,
};
const CONTINUITY = 'bench';

/** An instance whose steps are taken by hand: production's own, with fence, actors, spans, rows and outbox. */
const instanceOf = async ({ db, fences }: BenchStore) => {
  const at = Date.now();
  const credentials = { token: randomUUID() };
  const { id } = await Effect.runPromise(db.registry.create({ name: 'Bench', channel: 'discord', credentials }, at));
  const fence = fences.find(({ partition }) => partition === partitionOf(id));
  if (fence === undefined) throw new Error('The partition was not claimed');
  const setting = {
    instanceId: id,
    channel: 'discord' as const,
    store: db.runtime,
    work: syncWork(db.sync, () => null)({ id, channel: 'discord', traits: TRAITS, fence }),
    fence,
    chance: { random: Math.random, uuid: randomUUID },
  };
  const rows = { id, name: 'Bench', channel: 'discord' as const, partition: fence.partition, lastSeq: 0 };
  let { actors }: { actors: InstanceActors } = restoreActors({ ...rows, actors: new Map(), jobs: [] }, OPEN);
  const take = async (input: StepInput): Promise<void> => {
    actors = (await Effect.runPromise(takeStep(setting, actors, input, Date.now()))).actors;
  };
  return {
    actors: () => actors,
    command: async (command: Command) =>
      take({ kind: 'command', letter: await Effect.runPromise(db.commands.submit(id, command, at)) }),
    report: (report: Report) => take({ kind: 'report', report }),
    id,
  };
};

const beginJob = async (store: BenchStore, conversations: readonly ConversationPages[]) => {
  const instance = await instanceOf(store);
  const jobId = JobId.make(randomUUID());
  await instance.command({ type: 'connect' });
  const account = { externalId: randomUUID(), name: null };
  const opened = { type: 'connectionOpened' as const, account, continuity: CONTINUITY };
  await instance.report({ type: 'connection', run: instance.actors().supervisor.context.run ?? '', report: opened });
  await instance.command({ type: 'startSync', jobId, config: jobConfig() });
  const job = () => {
    const found = instance.actors().jobs.get(jobId);
    if (found === undefined) throw new Error('The job was not started');
    return found.context;
  };
  await instance.report({
    type: 'listingFetched',
    jobId,
    run: job().walk?.run ?? '',
    usedAt: Date.now(),
    page: {
      conversations: conversations.map(({ externalId, name, newest }) => ({
        externalId: ExternalId.make(externalId),
        parentExternalId: null,
        kind: 'channel',
        name,
        createdAt: null,
        newest,
        unreadable: null,
        holdsMessages: true,
      })),
      bookmarks: new Map(),
      nextCursor: null,
      problems: [],
      requestedAt: Date.now(),
      quota: null,
    },
  });
  return { instance, jobId, job };
};

/**
 * Stores all pages, a step each, as a running job does. Resolves with messages per second; only the steps are timed,
 * not the listing, nor what the channel does to read a page.
 */
export const storeBySteps = async (store: BenchStore, conversations: readonly ConversationPages[]): Promise<number> => {
  const { instance, jobId, job } = await beginJob(store, conversations);
  const byId = new Map(conversations.map((conversation) => [conversation.externalId, conversation]));
  const read = new Map<string, number>();
  let tookMs = 0;
  for (let { walk } = job(); walk?.kind === 'messages'; { walk } = job()) {
    const conversation = byId.get(walk.externalId);
    if (conversation === undefined) throw new Error('The job asks for a conversation that there is not');
    const index = read.get(walk.externalId) ?? 0;
    read.set(walk.externalId, index + 1);
    const page = pageOf(conversation, index);
    const report = {
      type: 'pageFetched' as const,
      jobId,
      run: walk.run,
      page,
      continuity: CONTINUITY,
      usedAt: Date.now(),
    };
    const startedAt = performance.now();
    await instance.report(report);
    tookMs += performance.now() - startedAt;
  }
  const { outcome, progress } = job();
  if (outcome !== 'completed') throw new Error(`The job ended ${outcome}`);
  return (progress.stored * 1000) / tookMs;
};
