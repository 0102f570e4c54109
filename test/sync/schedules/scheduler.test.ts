import { Clock, Effect } from 'effect';
import { expect, test } from 'vitest';
import { Refused, StoreUnavailable } from '../../../src/domain/errors.ts';
import { CommandId, InstanceId } from '../../../src/domain/ids.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { type SchedulerSetting, scheduler } from '../../../src/sync/schedules/scheduler.ts';
import type { DueRun } from '../../../src/sync/schedules/schedules.ts';
import { SimulatedClock } from '../../simulated-clock.ts';

const NOW = Date.UTC(2026, 0, 1, 3);
const OTHER_JOB = '99999999-9999-4999-8999-999999999999';
const idOf = (n: number): InstanceId => InstanceId.make(`${n}0000000-0000-4000-8000-000000000000`);
const shareOf = (n: number, changes: Partial<DueRun> = {}): DueRun => ({
  schedule: 'contacts',
  slotAt: NOW,
  instanceId: idOf(n),
  isConnected: true,
  ...changes,
});
const refusal = (code: string, details = {}) => new Refused({ status: 409, code, message: code, details });

/** A scheduler whose surroundings are recorded: who is due, what is answered to each command. */
const aScheduler = (due: readonly DueRun[], answers: Record<string, Refused | StoreUnavailable> = {}) => {
  const done: unknown[][] = [];
  const said: string[] = [];
  const setting: SchedulerSetting = {
    store: {
      open: (name) => Effect.succeed(name === 'contacts' ? { slotAt: NOW, instances: due.length } : null),
      due: () => Effect.succeed(due),
      skip: ({ instanceId }, reason, jobId) => Effect.sync(() => void done.push(['skip', instanceId, reason, jobId])),
      putOff: ({ instanceId }, until) => Effect.sync(() => void done.push(['putOff', instanceId, until])),
      openByHand: (name, ids, now) =>
        Effect.sync(() => {
          done.push(['openByHand', name, ids.length]);
          return now + 1;
        }),
      views: () => Effect.succeed([]),
      candidates: () => Effect.succeed(due),
    },
    bus: {
      submit: (instanceId, command, claim) =>
        Effect.suspend(() => {
          const answer = answers[instanceId];
          if (answer !== undefined) return Effect.fail(answer);
          const { type } = command.type === 'startSync' ? command.config : command;
          done.push(['submit', instanceId, type, claim?.slotAt]);
          return Effect.succeed({ commandId: CommandId.make(crypto.randomUUID()), instanceId, seq: 1, command });
        }),
    },
    isEnabled: (_name, id) => id !== idOf(3),
    uuid: () => crypto.randomUUID(),
    log: { ...silentLog, warn: (_fields, message) => void said.push(message) },
  };
  const clock = Effect.provideService(Clock.Clock, new SimulatedClock(NOW));
  return { ...scheduler(setting), done, said, clock };
};

test('each share whose turn has come becomes a job, or is settled with the reason', async () => {
  const { look, done, said, clock } = aScheduler(
    [shareOf(1), shareOf(2, { isConnected: false }), ...[3, 4, 5, 6, 7].map((n) => shareOf(n)), shareOf(8)],
    {
      [idOf(4)]: refusal('sync_active', { jobId: OTHER_JOB }),
      [idOf(5)]: refusal('slot_taken'),
      [idOf(6)]: refusal('mailbox_full'),
      [idOf(7)]: refusal('instance_not_found'),
    },
  );
  await Effect.runPromise(look.pipe(clock));
  expect(done).toEqual([
    ['submit', idOf(1), 'contacts', NOW],
    ['skip', idOf(2), 'not_connected', null],
    ['skip', idOf(3), 'disabled', null],
    ['skip', idOf(4), 'sync_active', OTHER_JOB],
    ['putOff', idOf(6), NOW + 60_000],
    ['skip', idOf(7), 'refused', null],
    ['submit', idOf(8), 'contacts', NOW],
  ]);
  expect(said).toEqual(['A scheduled job was refused: instance_not_found']);
});

test('a database that is away ends the look, and leaves the rest to the next', async () => {
  const away = new StoreUnavailable({ cause: 'away' });
  const { look, done, clock } = aScheduler([shareOf(1), shareOf(2), shareOf(4)], { [idOf(2)]: away });
  expect(await Effect.runPromise(Effect.flip(look.pipe(clock)))).toBe(away);
  expect(done).toEqual([['submit', idOf(1), 'contacts', NOW]]);
});

test('run now is a run of its own, with an answer for each that was named', async () => {
  const asked = [shareOf(1), shareOf(2, { isConnected: false }), shareOf(4)];
  const { runNow, done, clock } = aScheduler(asked, { [idOf(4)]: refusal('sync_active', { jobId: OTHER_JOB }) });
  const named = await Effect.runPromise(
    runNow(
      'groups',
      asked.map(({ instanceId }) => instanceId),
    ).pipe(clock),
  );
  expect(named).toEqual([
    { instanceId: idOf(1), outcome: 'started', jobId: expect.any(String), reason: null },
    { instanceId: idOf(2), outcome: 'skipped', jobId: null, reason: 'not_connected' },
    { instanceId: idOf(4), outcome: 'skipped', jobId: OTHER_JOB, reason: 'sync_active' },
  ]);
  expect(done).toEqual([
    ['openByHand', 'groups', 3],
    ['submit', idOf(1), 'groups', NOW + 1],
    ['skip', idOf(2), 'not_connected', null],
    ['skip', idOf(4), 'sync_active', OTHER_JOB],
  ]);
  const all = await Effect.runPromise(runNow('groups', null).pipe(clock));
  expect(all.map(({ instanceId }) => instanceId)).toEqual([idOf(1), idOf(4)]);
});
