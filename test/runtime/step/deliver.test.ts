import { describe, expect, it } from 'vitest';
import { initialTransition } from 'xstate';
import type { Ask } from '../../../machines/effects.ts';
import { instanceMachine } from '../../../machines/instance.ts';
import type { Moment } from '../../../machines/moment.ts';
import { rateLimitMachine } from '../../../machines/rate-limit.ts';
import { newSyncJob, syncJobMachine } from '../../../machines/sync-job.ts';
import { ConversationId, type JobId } from '../../../src/domain/ids.ts';
import type { InstanceActors } from '../../../src/runtime/instance-actors.ts';
import { type Answers, deliver } from '../../../src/runtime/step/deliver.ts';
import type { Mail } from '../../../src/runtime/work.ts';
import { jobConfig, newJobId } from '../../harness/job-config.ts';

const LIMITS = { messages: 50, contacts: 100, unit: 'request', atOnce: null } as const;
const ACCOUNT = { externalId: '1', name: 'bot' };

const actorsWith = (jobIds: readonly JobId[]): InstanceActors => ({
  supervisor: initialTransition(instanceMachine)[0],
  limiter: initialTransition(rateLimitMachine, { limits: LIMITS })[0],
  jobs: new Map(jobIds.map((id) => [id, initialTransition(syncJobMachine, newSyncJob(id, jobConfig()))[0]])),
});

/** A moment for each event, of the same instant. */
const moments = (): (() => Moment) => {
  let fresh = 0;
  return () => ({ at: 1_000_000, random: 0, fresh: `run-${fresh++}` });
};

const NOTHING: Answers = {
  answer: async () => ({ type: 'nothingLeft', from: 1, passed: 0, errors: [] }),
  note: async () => {},
};

const online = (actors: InstanceActors): Mail[] => {
  const run = actors.supervisor.context.run ?? '';
  return [{ to: 'instance', event: { type: 'connectionOpened', run, account: ACCOUNT, continuity: 'c' } }];
};

describe('delivery between actors', () => {
  it('carries what actors tell each other until all is quiet, in the order in which it was said', async () => {
    const [first, second] = [newJobId(), newJobId()];
    const next = moments();
    const begun = await deliver(
      actorsWith([first, second]),
      [
        { to: 'instance', event: { type: 'connect' } },
        { to: first, event: { type: 'start', online: false } },
        { to: second, event: { type: 'start', online: false } },
      ],
      next,
      NOTHING,
    );
    const { actors, transitions } = await deliver(begun.actors, online(begun.actors), next, NOTHING);
    expect(transitions.map(({ actor, event }) => [actor, event])).toEqual([
      ['instance', 'connectionOpened'],
      [first, 'connectionUp'],
      [second, 'connectionUp'],
      ['rate-limit', 'permitRequested'],
      ['rate-limit', 'permitRequested'],
      [first, 'permitGranted'],
      [second, 'permitGranted'],
    ]);
    expect([...actors.jobs.values()].map((job) => job.value)).toEqual(['running', 'running']);
    expect(actors.limiter.context.held.map(({ job }) => job)).toEqual([first, second]);
  });

  it('leaves the actors that it was given as they were', async () => {
    const before = actorsWith([newJobId()]);
    const copy = structuredClone([before.supervisor.context, before.limiter.context]);
    await deliver(before, [{ to: 'instance', event: { type: 'connect' } }], moments(), NOTHING);
    expect([before.supervisor.context, before.limiter.context]).toEqual(copy);
    expect(before.supervisor.value).toBe('stopped');
  });

  it('gives mail for a job that is over, or was never there, to nobody', async () => {
    const id = newJobId();
    const cancel: Mail = { to: id, event: { type: 'cancel' } };
    const { actors } = await deliver(actorsWith([id]), [cancel], moments(), NOTHING);
    expect(actors.jobs.get(id)?.value).toBe('cancelled');
    const again = await deliver(actors, [cancel, { to: newJobId(), event: { type: 'cancel' } }], moments(), NOTHING);
    expect(again.transitions).toEqual([]);
  });

  it('answers one job before it asks for the next, so that no two are given the same conversation', async () => {
    const ids = [newJobId(), newJobId(), newJobId()];
    const listed = actorsWith(ids);
    const jobs = new Map(
      [...listed.jobs].map(([id, job]) => {
        const context = { ...job.context, stage: 'reading' as const };
        return [id, syncJobMachine.resolveState({ value: 'waiting', context })] as const;
      }),
    );
    const conversation = (n: number) => ConversationId.make(`00000000-0000-4000-8000-00000000000${n}`);
    const walked = (actors: InstanceActors): string[] =>
      [...actors.jobs.values()].flatMap(({ context: { walk } }) =>
        walk?.kind === 'messages' ? [walk.conversationId] : [],
      );
    const free = async (actors: InstanceActors, _asker: JobId, _ask: Ask): Promise<Mail['event']> => {
      const ordinal = [1, 2, 3].find((n) => !walked(actors).includes(conversation(n))) ?? 0;
      const bounds = { before: null, top: null, newest: null, floor: { at: 0, id: null }, since: 0, startsAt: 0 };
      const walk = {
        kind: 'messages',
        conversationId: conversation(ordinal),
        ordinal,
        externalId: '1',
        name: null,
        ...bounds,
      };
      return { type: 'walkChosen', walk, from: 1, deferred: [], passed: 0, errors: [] };
    };
    const { actors } = await deliver(
      { ...listed, jobs },
      [{ to: 'jobs', event: { type: 'connectionUp' } }],
      moments(),
      { ...NOTHING, answer: free },
    );
    expect(new Set(walked(actors)).size).toBe(3);
  });

  it('stops actors that tell each other things without end', async () => {
    const id = newJobId();
    const start: Mail = { to: id, event: { type: 'start', online: true } };
    const { actors } = await deliver(actorsWith([id]), [start], moments(), NOTHING);
    const job = actors.jobs.get(id);
    if (job === undefined) throw new Error('The job is gone');
    const context = { ...job.context, stage: 'reading' as const, walk: null, permits: [], online: true };
    const reading = syncJobMachine.resolveState({ value: 'waiting', context });
    const endless: Answers = { ...NOTHING, answer: async () => ({ type: 'connectionUp' }) };
    const mail: Mail = { to: id, event: { type: 'connectionUp' } };
    await expect(deliver({ ...actors, jobs: new Map([[id, reading]]) }, [mail], moments(), endless)).rejects.toThrow(
      'without end',
    );
  });
});
