import { Result } from 'effect';
import fc from 'fast-check';
import { createTask } from 'node-cron';
import { expect, test } from 'vitest';
import { parseCron } from '../../src/domain/cron-expression.ts';
import { lastSlot, nextSlot, type Slots } from '../../src/domain/cron-slots.ts';
import { offsetOf } from '../../src/domain/time-zone.ts';
import { SEED } from '../machines/seed.ts';
import { cronText } from './cron-text.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
// By half an hour, over midnight, by a whole day, south of the equator, without, and with offsets of all kinds.
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'UTC',
];

const slotsOf = (text: string, timeZone: string): Slots => ({ cron: Result.getOrThrow(parseCron(text)), timeZone });

const between = (slots: Slots, after: number, until: number): string[] => {
  const found: string[] = [];
  for (let slot = nextSlot(slots, after); slot !== null && slot <= until; slot = nextSlot(slots, slot)) {
    found.push(new Date(slot).toISOString().slice(0, 16));
  }
  return found;
};

const instant = fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2036, 0, 1) });

const isNearAChange = (zone: string, at: number): boolean =>
  offsetOf(zone, at - 2 * DAY_MS) !== offsetOf(zone, at) || offsetOf(zone, at) !== offsetOf(zone, at + 2 * DAY_MS);

test(`where clocks are not changed, slots are when node-cron would run (TEST_SEED=${SEED})`, () => {
  fc.assert(
    fc.property(cronText, fc.constantFrom(...ZONES), instant, (text, zone, at) => {
      const read = parseCron(text);
      fc.pre(Result.isSuccess(read) && !isNearAChange(zone, at));
      if (Result.isFailure(read)) return;
      const slots = { cron: read.success, timeZone: zone };
      const task = createTask(text, () => {}, { timezone: zone });
      try {
        const minute = Math.floor(at / 60_000) * 60_000;
        for (let ahead = 0; ahead < 90; ahead++) {
          const slot = minute + ahead * 60_000;
          expect(nextSlot(slots, slot - 1) === slot, `${text} ${zone} ${slot}`).toBe(task.match(new Date(slot)));
        }
      } finally {
        task.destroy();
      }
    }),
    { seed: SEED, numRuns: 60 },
  );
});

test(`the last slot is the one before which no next one comes (TEST_SEED=${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(
        '0 3 * * *',
        '30 2 * * *',
        '*/30 * * * *',
        '15 0 * * 1-5',
        '59 23 31 * *',
        '30 1,2 * 3,4,10,11 *',
      ),
      fc.constantFrom(...ZONES),
      instant,
      fc.integer({ min: 1, max: 60 * DAY_MS }),
      (text, zone, after, ms) => {
        const slots = slotsOf(text, zone);
        const until = after + ms;
        const last = lastSlot(slots, after, until);
        const next = nextSlot(slots, last ?? after);
        if (last !== null) expect(last > after && last <= until).toBe(true);
        expect(next === null || next > until, `${text} ${zone} ${after} ${until}`).toBe(true);
        if (last !== null) expect(nextSlot(slots, last - 1)).toBe(last);
      },
    ),
    { seed: SEED, numRuns: 2_000 },
  );
});

test(`a time of the day comes once on every day of the calendar, however clocks are changed (TEST_SEED=${SEED})`, () => {
  const zones = ZONES.filter((zone) => zone !== 'Pacific/Apia');
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
      fc.integer({ min: 2010, max: 2035 }),
      (zone, hour, minute, year) => {
        const slots = slotsOf(`${minute} ${hour} * * *`, zone);
        const start = Date.UTC(year, 0, 1) - offsetOf(zone, Date.UTC(year, 0, 1));
        const end = Date.UTC(year + 1, 0, 1) - offsetOf(zone, Date.UTC(year + 1, 0, 1));
        const days = (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / DAY_MS;
        let count = 0;
        for (let slot = nextSlot(slots, start - 1); slot !== null && slot < end; slot = nextSlot(slots, slot))
          count += 1;
        expect(count, `${zone} ${hour}:${minute} ${year}`).toBe(days);
      },
    ),
    { seed: SEED, numRuns: 60 },
  );
});

test('a time that clocks leave out comes as much later as they were put forward', () => {
  const spring = (text: string, zone: string, day: string) =>
    between(slotsOf(text, zone), Date.parse(`${day}T00:00Z`) - 2 * HOUR_MS, Date.parse(`${day}T00:00Z`) + 20 * HOUR_MS);
  expect(spring('30 2 * * *', 'Europe/Berlin', '2026-03-29')).toEqual(['2026-03-29T01:30']);
  expect(spring('0 2 * * *', 'America/New_York', '2026-03-08')).toEqual(['2026-03-08T07:00']);
  // Two times of the day that become one instant are one slot.
  expect(spring('30 2,3 * * *', 'Europe/Berlin', '2026-03-29')).toEqual(['2026-03-29T01:30']);
  // Clocks go from midnight to one.
  expect(spring('30 0 * * *', 'America/Santiago', '2026-09-06')).toEqual(['2026-09-06T04:30']);
});

test('a time that clocks show twice comes the first time only', () => {
  const autumn = (text: string) =>
    between(slotsOf(text, 'Europe/Berlin'), Date.parse('2026-10-24T22:00Z'), Date.parse('2026-10-25T20:00Z'));
  expect(autumn('30 2 * * *')).toEqual(['2026-10-25T00:30']);
  expect(autumn('0,30 1-3 * * *')).toEqual([
    '2026-10-24T23:00',
    '2026-10-24T23:30',
    '2026-10-25T00:00',
    '2026-10-25T00:30',
    '2026-10-25T02:00',
    '2026-10-25T02:30',
  ]);
});

test('what comes every hour keeps its distance whatever clocks do', () => {
  for (const [zone, from] of [
    ['Europe/Berlin', '2026-03-28T20:00Z'],
    ['Europe/Berlin', '2026-10-24T20:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T08:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T08:00Z'],
  ] as const) {
    const start = Date.parse(from);
    const slots = slotsOf('*/30 * * * *', zone);
    let last = start;
    for (let slot = nextSlot(slots, start); slot !== null && slot < start + DAY_MS; slot = nextSlot(slots, slot)) {
      expect(slot - last, `${zone} ${new Date(slot).toISOString()}`).toBe(1_800_000);
      last = slot;
    }
  }
});

test('a day that a calendar leaves out has no slot of its own', () => {
  const slots = slotsOf('0 3 * * *', 'Pacific/Apia');
  expect(between(slots, Date.parse('2011-12-28T22:00Z'), Date.parse('2012-01-01T00:00Z'))).toEqual([
    '2011-12-29T13:00',
    '2011-12-30T13:00',
    '2011-12-31T13:00',
  ]);
});

test('what comes once in decades is found, and what does not come soon is not waited for', () => {
  const slots = slotsOf('0 0 29 2 1', 'UTC');
  expect(nextSlot(slots, Date.UTC(2072, 2, 1))).toBe(Date.UTC(2112, 1, 29));
  expect(lastSlot(slots, Date.UTC(2026, 0, 1), Date.UTC(2030, 0, 1))).toBeNull();
});
