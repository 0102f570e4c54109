import { Result } from 'effect';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseCron } from '../../../src/domain/cron-expression.ts';
import { nextSlot } from '../../../src/domain/cron-slots.ts';
import { InstanceId } from '../../../src/domain/ids.ts';
import { ruleOf, type ScheduleRule } from '../../../src/domain/schedule.ts';
import { DEFAULT_SETTINGS, type SettingKey, type Settings } from '../../../src/domain/settings.ts';
import { formerRules, type PastChange, slotAfter, slotDue } from '../../../src/sync/schedules/slot-due.ts';
import { spreadFrom, spreadOf } from '../../../src/sync/schedules/slot-spread.ts';
import { SEED } from '../../machines/seed.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 2, 27);
const at = (text: string): number => Date.parse(`${text}Z`);
const rule = (changes: Partial<ScheduleRule> = {}): ScheduleRule => ({
  enabled: true,
  cron: '0 3 * * *',
  timeZone: 'UTC',
  ...changes,
});

/** The first account is older than every slot. */
const SINCE_EVER = { firstInstanceAt: 0 };

describe('the slot that is owed', () => {
  it('is the latest that has come and was not opened, and only that', () => {
    const opened = (lastSlotAt: number | null, now: string) =>
      slotDue({ ...SINCE_EVER, rule: rule(), former: [], lastSlotAt }, at(now));
    expect(opened(at('2026-02-01T03:00'), '2026-02-02T02:59:59.999')).toBeNull();
    expect(opened(at('2026-02-01T03:00'), '2026-02-02T03:00')).toBe(at('2026-02-02T03:00'));
    expect(opened(at('2026-02-02T03:00'), '2026-02-02T23:00')).toBeNull();
    expect(opened(at('2026-02-01T03:00'), '2026-02-09T02:00')).toBe(at('2026-02-08T03:00'));
    expect(opened(null, '2026-02-09T02:00')).toBe(at('2026-02-08T03:00'));
  });

  it('is none of before the first account was added, and none where there is no account', () => {
    const never = { rule: rule(), former: [], lastSlotAt: null };
    const now = at('2026-02-09T12:00');
    expect(slotDue({ ...never, firstInstanceAt: null }, now)).toBeNull();
    expect(slotDue({ ...never, firstInstanceAt: at('2026-02-09T03:00:01') }, now)).toBeNull();
    expect(slotDue({ ...never, firstInstanceAt: at('2026-02-09T02:59') }, now)).toBe(at('2026-02-09T03:00'));
  });

  it('is that of the rule of its own time, whatever was changed since', () => {
    const lastSlotAt = at('2026-02-01T03:00');
    const former = [{ until: at('2026-02-02T03:00:02'), rule: rule() }];
    const now = at('2026-02-02T03:00:04');
    expect(slotDue({ ...SINCE_EVER, rule: rule({ enabled: false }), former, lastSlotAt }, now)).toBe(
      at('2026-02-02T03:00'),
    );
    expect(slotDue({ ...SINCE_EVER, rule: rule({ cron: '0 5 * * *' }), former, lastSlotAt }, now)).toBe(
      at('2026-02-02T03:00'),
    );
    const before = [{ until: at('2026-02-02T02:59:58'), rule: rule() }];
    expect(slotDue({ ...SINCE_EVER, rule: rule({ enabled: false }), former: before, lastSlotAt }, now)).toBeNull();
  });

  it('is none of before a schedule was enabled, or before its time was set', () => {
    const lastSlotAt = at('2026-02-01T03:00');
    const until = at('2026-02-02T12:00');
    const now = at('2026-02-02T12:00:05');
    const off = [{ until, rule: rule({ enabled: false }) }];
    expect(slotDue({ ...SINCE_EVER, rule: rule(), former: off, lastSlotAt }, now)).toBeNull();
    const later = [{ until, rule: rule({ cron: '0 22 * * *' }) }];
    expect(slotDue({ ...SINCE_EVER, rule: rule(), former: later, lastSlotAt: at('2026-02-01T22:00') }, now)).toBeNull();
  });

  it('takes no harm from a change that another clock dates later than now, or from rules that cannot be read', () => {
    const lastSlotAt = at('2026-02-01T03:00');
    const former = [{ until: at('2026-02-02T03:00:05'), rule: rule() }];
    expect(
      slotDue({ ...SINCE_EVER, rule: rule({ cron: '0 4 * * *' }), former, lastSlotAt }, at('2026-02-02T02:59:59')),
    ).toBeNull();
    expect(
      slotDue({ ...SINCE_EVER, rule: rule({ cron: 'nonsense' }), former: [], lastSlotAt }, at('2026-02-03T00:00')),
    ).toBeNull();
    expect(slotAfter(rule({ cron: 'nonsense' }), START)).toBeNull();
    expect(slotAfter(rule({ enabled: false }), START)).toBeNull();
  });
});

const KEYS = ['sync.contacts.scheduleEnabled', 'sync.contacts.scheduleCron', 'sync.scheduleTimeZone'] as const;

const change = fc
  .tuple(
    fc.integer({ min: 1, max: 6 * HOUR_MS }),
    fc.oneof(
      fc.tuple(fc.constant(KEYS[0]), fc.boolean()),
      fc.tuple(fc.constant(KEYS[1]), fc.constantFrom('0 3 * * *', '30 1 * * *', '*/20 * * * *', '0 */7 * * *')),
      fc.tuple(fc.constant(KEYS[2]), fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu')),
    ),
  )
  .map(([afterMs, [key, value]]) => ({ afterMs, key: key as SettingKey, value }));

/** All slots that ever came, by walking through the periods between changes in the order of time. */
const everySlot = (
  settings: Settings,
  changes: readonly { at: number; key: SettingKey; value: unknown }[],
  end: number,
) => {
  const slots: number[] = [];
  let current = settings;
  let from = START;
  for (const next of [...changes, { at: end, key: KEYS[0], value: false }]) {
    const { enabled, cron, timeZone } = ruleOf(current, 'contacts');
    const parsed = { cron: Result.getOrThrow(parseCron(cron)), timeZone };
    for (let slot = nextSlot(parsed, from); enabled && slot !== null && slot <= next.at; slot = nextSlot(parsed, slot))
      slots.push(slot);
    current = { ...current, [next.key]: next.value };
    from = next.at;
  }
  return slots;
};

test(`over any changes and any pauses, each look opens the latest slot since the last, and none twice (TEST_SEED=${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 12 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 30 * HOUR_MS })), {
        minLength: 1,
        maxLength: 40,
      }),
      (plan, pauses) => {
        let time = START;
        const changes = plan.map(({ afterMs, key, value }) => {
          time += afterMs;
          return { at: time, key, value };
        });
        const end = START + pauses.reduce((sum, ms) => sum + ms, 0);
        const slots = everySlot(
          DEFAULT_SETTINGS,
          changes.filter((one) => one.at < end),
          end,
        );
        let now = START;
        let lastSlotAt: number | null = START;
        for (const pause of pauses) {
          now += pause;
          let settings: Settings = DEFAULT_SETTINGS;
          const past: PastChange[] = [];
          for (const { at: changedAt, key, value } of changes.filter((one) => one.at <= now)) {
            if (changedAt > (lastSlotAt ?? 0)) past.unshift({ key, oldValue: settings[key], at: changedAt });
            settings = { ...settings, [key]: value };
          }
          const state = {
            rule: ruleOf(settings, 'contacts'),
            former: formerRules('contacts', settings, past),
            lastSlotAt,
            ...SINCE_EVER,
          };
          const owed = slots.findLast((slot) => slot <= now && slot > (lastSlotAt ?? 0)) ?? null;
          const due = slotDue(state, now);
          expect(due).toBe(owed);
          lastSlotAt = due ?? lastSlotAt;
        }
      },
    ),
    { seed: SEED, numRuns: 400 },
  );
});

test(`jobs of many instances are spread evenly, each with a place of its own that stays (TEST_SEED=${SEED})`, () => {
  const windowMs = 30 * 60_000;
  const minutes = Array.from({ length: 30 }, () => 0);
  fc.assert(
    fc.property(fc.uuid({ version: 4 }), (uuid) => {
      const id = InstanceId.make(uuid);
      const spread = spreadOf(id, windowMs);
      expect(spread).toBeGreaterThanOrEqual(0);
      expect(spread).toBeLessThan(windowMs);
      expect(spreadOf(InstanceId.make(uuid.toUpperCase()), windowMs)).toBe(spread);
      expect(spreadOf(id, 0)).toBe(0);
    }),
    { seed: SEED },
  );
  for (let n = 0; n < 6_000; n++) {
    const minute = Math.floor(spreadOf(InstanceId.make(crypto.randomUUID()), windowMs) / 60_000);
    minutes[minute] = (minutes[minute] ?? 0) + 1;
  }
  // 200 of each are expected; 90 away from that is more than six standard deviations.
  for (const count of minutes) expect(Math.abs(count - 200)).toBeLessThan(90);
});

test('what was missed is spread from when it is made up for, what is on time from its slot', () => {
  expect(spreadFrom(START, START + 5_000)).toBe(START);
  expect(spreadFrom(START, START + 2 * HOUR_MS)).toBe(START + 2 * HOUR_MS);
});
