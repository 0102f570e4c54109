import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InstanceId } from '../../../src/domain/ids.ts';
import type { ScheduleName } from '../../../src/domain/schedule.ts';
import { SEED } from '../../machines/seed.ts';
import { type PostgresServer, startPostgres } from '../../servers/postgres.ts';
import { Chance } from '../../simulators/discord/chance.ts';
import { SimulatedDays } from './simulated-days.ts';

const HOUR_MS = 3_600_000;
const WINDOW_MS = 30 * 60_000;
/** A share's turn, a look after it, and a clock that is behind. */
const LATEST_MS = WINDOW_MS + 4 * 25 * 60_000;
const at = (text: string): number => Date.parse(`${text}Z`);

let server: PostgresServer;
let dataDir: string;
beforeAll(async () => {
  server = await startPostgres();
  dataDir = mkdtempSync(join(tmpdir(), 'omni-keys-'));
});
afterAll(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Expected {
  readonly schedule: ScheduleName;
  /** When it was due. */
  readonly slotAt: string;
  readonly instances: readonly InstanceId[];
  /** When it could begin at the earliest, if nothing ran when it was due. */
  readonly from?: string;
}

const judge = async (days: SimulatedDays, expected: readonly Expected[]): Promise<void> => {
  const shares = await days.shares();
  const told = ({ schedule, slotAt, instanceId }: { schedule: string; slotAt: number; instanceId: string }) =>
    `${schedule} ${new Date(slotAt).toISOString()} ${instanceId}`;
  const wanted = expected.flatMap(({ schedule, slotAt, instances }) =>
    instances.map((instanceId) => told({ schedule, slotAt: at(slotAt), instanceId })),
  );
  expect(shares.map(told).sort()).toEqual(wanted.sort());
  expect(shares.filter(({ jobAt }) => jobAt === null)).toEqual([]);
  // None that is not a share's: none twice.
  expect(await days.jobs()).toBe(shares.length);
  for (const { schedule, slotAt, jobAt } of shares) {
    const one = expected.find((slot) => slot.schedule === schedule && at(slot.slotAt) === slotAt);
    const from = at(one?.from ?? one?.slotAt ?? '');
    expect((jobAt ?? 0) - from, `${schedule} ${new Date(slotAt).toISOString()}`).toBeGreaterThan(-10_000);
    expect((jobAt ?? 0) - from, `${schedule} ${new Date(slotAt).toISOString()}`).toBeLessThan(LATEST_MS);
  }
};

test(`each daily slot makes one job of each connected instance, over deaths, changed settings and both changes of clocks (TEST_SEED=${SEED})`, {
  timeout: 360_000,
}, async () => {
  const chance = new Chance(SEED);
  const days = await SimulatedDays.open(await server.freshDatabase(), dataDir, 3, chance, at('2026-03-27T12:00'));
  try {
    const a = await days.instance();
    const b = await days.instance();
    const c = await days.instance();
    await days.put({
      'sync.scheduleTimeZone': 'Europe/Berlin',
      'sync.contacts.scheduleCron': '30 2 * * *',
      'sync.groups.scheduleCron': '0 4 * * *',
    });
    const expected: Expected[] = [];
    const comes = (schedule: ScheduleName, slotAt: string, instances: readonly InstanceId[], from?: string) =>
      expected.push({ schedule, slotAt, instances, ...(from === undefined ? {} : { from }) });
    days.failing = 5;

    // Winter time: 02:30 is 01:30 UTC. A node is dead over the night.
    days.kill(1, 20 * HOUR_MS);
    await days.pass(12 * HOUR_MS);
    comes('contacts', '2026-03-28T01:30', [a, b, c]);
    comes('groups', '2026-03-28T03:00', [a, b, c]);
    await days.pass(12 * HOUR_MS);
    await days.runCommands();

    // Clocks go from 02:00 to 03:00: there is no 02:30, it comes at 03:30, which is 01:30 UTC.
    await days.setConnected(c, false);
    await days.pass(12 * HOUR_MS);
    comes('contacts', '2026-03-29T01:30', [a, b]);
    comes('groups', '2026-03-29T02:00', [a, b]);
    // One dies while the jobs of the slot are on their way, the two others later.
    await days.pass(1.75 * HOUR_MS);
    days.kill(0, 6 * HOUR_MS);
    await days.pass(10.25 * HOUR_MS);
    await days.runCommands();

    // Nobody runs when contacts are due, and when groups are.
    await days.setConnected(c, true);
    const d = await days.instance();
    for (let node = 0; node < days.nodes; node++) days.kill(node, 17 * HOUR_MS);
    await days.pass(24 * HOUR_MS);
    comes('contacts', '2026-03-30T00:30', [a, b, c, d], '2026-03-30T05:00');
    comes('groups', '2026-03-30T02:00', [a, b, c, d], '2026-03-30T05:00');
    await days.runCommands();

    // Contacts move to another time of the day, which comes on the same day still; groups end.
    await days.put({ 'sync.contacts.scheduleCron': '15 20 * * *', 'sync.groups.scheduleEnabled': false });
    await days.pass(24 * HOUR_MS);
    comes('contacts', '2026-03-30T18:15', [a, b, c, d]);
    await days.runCommands();
    await days.pass(24 * HOUR_MS);
    comes('contacts', '2026-03-31T18:15', [a, b, c, d]);
    await days.runCommands();

    // Months without anybody running: the last slot stands for all.
    await days.put({ 'sync.contacts.scheduleCron': '30 2 * * *' });
    for (let node = 0; node < days.nodes; node++) days.kill(node, at('2026-10-24T12:00') - days.now);
    days.now = at('2026-10-24T11:59');
    await days.pass(60_000 + 8 * HOUR_MS);
    comes('contacts', '2026-10-24T00:30', [a, b, c, d], '2026-10-24T12:00');
    await days.runCommands();

    // Clocks show 02:30 twice, at 00:30 and 01:30 UTC. Groups are back, and at the hour that is shown twice.
    await days.put({ 'sync.groups.scheduleEnabled': true, 'sync.groups.scheduleCron': '0 2 * * *' });
    await days.pass(16 * HOUR_MS);
    comes('groups', '2026-10-25T00:00', [a, b, c, d]);
    comes('contacts', '2026-10-25T00:30', [a, b, c, d]);
    await days.runCommands();
    await days.pass(24 * HOUR_MS);
    comes('groups', '2026-10-26T01:00', [a, b, c, d]);
    comes('contacts', '2026-10-26T01:30', [a, b, c, d]);
    await days.runCommands();

    days.failing = 0;
    await days.pass(HOUR_MS);
    await judge(days, expected);
  } finally {
    await days.close();
  }
});
