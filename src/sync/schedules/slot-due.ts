import { Result } from 'effect';
import { parseCron } from '../../domain/cron-expression.ts';
import { lastSlot, nextSlot } from '../../domain/cron-slots.ts';
import { ruleOf, type ScheduleName, type ScheduleRule } from '../../domain/schedule.ts';
import { DEFAULT_SETTINGS, type SettingKey, type Settings } from '../../domain/settings.ts';

/** How far back a slot is still owed that nobody has opened: the longest downtime that is made up for. */
const OWED_MS = 366 * 86_400_000;

/** What a schedule went by until `at` (ms). */
export interface FormerRule {
  readonly until: number;
  readonly rule: ScheduleRule;
}

export interface ScheduleState {
  readonly rule: ScheduleRule;
  /** Newest first, as far back as the last slot. */
  readonly former: readonly FormerRule[];
  /** The last slot that was opened; null: none ever was. */
  readonly lastSlotAt: number | null;
  /**
   * When the first account was added; null: there is none, or a slot was opened. Before that, nothing is owed to
   * anybody.
   */
  readonly firstInstanceAt: number | null;
}

/**
 * The latest slot that has come (by `now`, ms) and was not opened: null when nothing is owed. Where several were
 * missed, it stands for all of them. A slot counts if the rule of its own time has it, whatever was changed since.
 */
export const slotDue = ({ rule, former, lastSlotAt, firstInstanceAt }: ScheduleState, now: number): number | null => {
  const after = lastSlotAt ?? Math.max(now - OWED_MS, firstInstanceAt ?? now);
  let until = now;
  let current = rule;
  for (const { until: changedAt, rule: before } of former) {
    const slot = slotIn(current, Math.max(after, changedAt), until);
    if (slot !== null) return slot;
    until = Math.min(until, changedAt);
    current = before;
  }
  return slotIn(current, after, until);
};

const slotIn = ({ enabled, cron, timeZone }: ScheduleRule, after: number, until: number): number | null => {
  const parsed = parseCron(cron);
  return enabled && Result.isSuccess(parsed) ? lastSlot({ cron: parsed.success, timeZone }, after, until) : null;
};

/** When a rule has its next slot after `now` (ms); null: never. */
export const slotAfter = ({ enabled, cron, timeZone }: ScheduleRule, now: number): number | null => {
  const parsed = parseCron(cron);
  return enabled && Result.isSuccess(parsed) ? nextSlot({ cron: parsed.success, timeZone }, now) : null;
};

/** One change of a setting, as history has it. */
export interface PastChange {
  readonly key: SettingKey;
  /** Undefined: there was none, so the default was in force. */
  readonly oldValue: unknown;
  /** ms */
  readonly at: number;
}

/** What a schedule went by before each of these changes (newest first), seen from what it goes by now. */
export const formerRules = (
  name: ScheduleName,
  settings: Settings,
  changes: readonly PastChange[],
): readonly FormerRule[] => {
  let before = settings;
  return changes.map(({ key, oldValue, at }) => {
    before = { ...before, [key]: oldValue === undefined ? DEFAULT_SETTINGS[key] : oldValue };
    return { until: at, rule: ruleOf(before, name) };
  });
};

/** The settings that decide when a schedule has its slots. */
export const ruleKeysOf = (name: ScheduleName): readonly SettingKey[] => [
  `sync.${name}.scheduleEnabled`,
  `sync.${name}.scheduleCron`,
  'sync.scheduleTimeZone',
];
