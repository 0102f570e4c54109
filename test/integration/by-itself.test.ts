import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ScheduleName, type ScheduleView } from '../../src/domain/schedule.ts';
import type { InstanceShown, JobShown } from '../harness/api-client.ts';
import { pastOf } from '../harness/history.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { COMPLETE, Stage } from '../harness/stage.ts';

const NAMES = ['First', 'Unasked', 'Scheduled'] as const;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ guilds: NAMES.map((name) => ({ name, channels: [pastOf('general', 250, 3)] })) });
  await stage.api.call('PATCH', '/settings', { 'sync.onConnect': true });
});
afterAll(() => stage?.close());

interface Job extends JobShown {
  readonly type: string;
  readonly config: { readonly depth: string | null };
}

const jobsOf = ({ id }: InstanceShown): Promise<Job[]> => Array.fromAsync(stage.api.list<Job>(`/instances/${id}/sync`));

/** Resolves once the jobs of an instance are these, newest first, and all are over. */
const jobsBecome = (instance: InstanceShown, types: readonly string[]): Promise<void> =>
  vi.waitFor(async () => {
    const jobs = await jobsOf(instance);
    expect(jobs.map(({ type, status }) => `${type} ${status}`)).toEqual(types.map((type) => `${type} completed`));
  }, PATIENCE);

const schedules = async (): Promise<readonly ScheduleView[]> =>
  ((await stage.api.call('GET', '/schedules')) as { readonly items: readonly ScheduleView[] }).items;

/** An instance with settings of its own before it connects. */
const connectWith = async (name: string, settings: Record<string, unknown>): Promise<InstanceShown> => {
  const { token } = stage.bot(name);
  const { id } = await stage.api.data<InstanceShown>('POST', '/instances', {
    name,
    channel: 'discord',
    token,
    connect: false,
  });
  await stage.api.call('PATCH', `/instances/${id}/settings`, settings);
  await stage.api.call('POST', `/instances/${id}/connect`);
  return stage.reaches(id, 'online');
};

describe('an account', () => {
  it('is synced by itself when it connects for the first time, and after a gap for what was missed', async () => {
    const first = await stage.connect('First');
    await jobsBecome(first, ['all']);
    expect((await jobsOf(first))[0]?.config.depth).toBe('7d');
    expect(await stage.compare(first)).toMatchObject(COMPLETE);
    await stage.stop();
    const channel = stage.channel('First', 'general');
    for (let n = 0; n < 120; n++) stage.discord.world.postMessage(channel, { content: `away ${n}`, silent: true });
    await stage.start();
    await stage.reaches(first.id, 'online');
    await jobsBecome(first, ['messages', 'all']);
    expect(await stage.compare(first)).toMatchObject(COMPLETE);
  });

  it('is left alone where its own settings say so', async () => {
    const unasked = await connectWith('Unasked', { 'sync.onConnect': false });
    await stage.storedLive(unasked);
    expect(await jobsOf(unasked)).toEqual([]);
  });
});

describe('a schedule', () => {
  it('can be run now', async () => {
    const { id, ...scheduled } = await connectWith('Scheduled', { 'sync.onConnect': false });
    const run = (name: ScheduleName) =>
      stage.api.data<{ jobs: readonly Record<string, string>[] }>('POST', `/schedules/${name}/run`, {
        instanceIds: [id],
      });
    for (const name of ScheduleName.literals) {
      const { jobs } = await run(name);
      expect(jobs).toEqual([{ instanceId: id, outcome: 'started', jobId: expect.any(String), reason: null }]);
    }
    await jobsBecome({ id, ...scheduled }, ['groups', 'contacts']);
    const views = await schedules();
    expect(views.map(({ name, enabled, nextRunAt }) => ({ name, enabled, nextRunAt }))).toEqual([
      { name: 'contacts', enabled: false, nextRunAt: null },
      { name: 'groups', enabled: false, nextRunAt: null },
    ]);
  });

  it('comes at its time by itself, for those for whom it is enabled', async () => {
    const [scheduled] = (await Array.fromAsync(stage.api.list<InstanceShown>('/instances'))).filter(
      ({ name }) => name === 'Scheduled',
    );
    if (scheduled === undefined) throw new Error('There is no such instance');
    // Due every minute, so it has to be waited for a minute at most; the spread is none.
    await stage.api.call('PATCH', '/settings', {
      'sync.groups.scheduleCron': '* * * * *',
      'sync.scheduleSpreadMinutes': 0,
    });
    await stage.api.call('PUT', `/instances/${scheduled.id}/settings/sync.groups.scheduleEnabled`, { value: true });
    await vi.waitFor(
      async () => {
        const views = await schedules();
        expect(views[1]?.lastRun).toMatchObject({ instances: 1, completed: 1, due: 0 });
      },
      { timeout: 360_000, interval: 500 },
    );
    await stage.api.call('DELETE', `/instances/${scheduled.id}/settings/sync.groups.scheduleEnabled`);
    const others = (await Array.fromAsync(stage.api.list<InstanceShown>('/instances'))).filter(
      ({ id }) => id !== scheduled.id,
    );
    for (const other of others) {
      expect((await jobsOf(other)).filter(({ type }) => type === 'groups')).toEqual([]);
    }
  }, 360_000);
});
