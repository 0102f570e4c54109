import { Result } from 'effect';
import { parseCron } from '../../domain/cron-expression.ts';
import { lastSlot, nextSlot } from '../../domain/cron-slots.ts';
import type { InstanceId } from '../../domain/ids.ts';
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
  /** Absent or null: of the whole service. An instance has of its own only whether the schedule is enabled. */
  readonly instanceId?: InstanceId | null;
  readonly key: SettingKey;
  /** Undefined: there was none, so the default was in force. */
  readonly oldValue: unknown;
  /** ms */
  readonly at: number;
}

/** A rule that is enabled for some instance has slots; `isForAll`: for each that has no setting of its own. */
export interface PastRule extends FormerRule {
  readonly isForAll: boolean;
}

/**
 * What a schedule went by before each of these changes (newest first), seen from what it goes by now: the settings of
 * the service, and the instances for which it is enabled by a setting of their own.
 */
export const formerRules = (
  name: ScheduleName,
  settings: Settings,
  changes: readonly PastChange[],
  enabledFor: ReadonlySet<InstanceId> = new Set(),
): readonly PastRule[] => {
  let before = settings;
  const some = new Set(enabledFor);
  return changes.map(({ instanceId = null, key, oldValue, at }) => {
    if (instanceId === null) before = { ...before, [key]: oldValue === undefined ? DEFAULT_SETTINGS[key] : oldValue };
    else if (oldValue === true) some.add(instanceId);
    else some.delete(instanceId);
    const rule = ruleOf(before, name);
    return { until: at, rule: { ...rule, enabled: rule.enabled || some.size > 0 }, isForAll: rule.enabled };
  });
};

/** The settings that decide when a schedule has its slots. */
export const ruleKeysOf = (name: ScheduleName): readonly SettingKey[] => [
  `sync.${name}.scheduleEnabled`,
  `sync.${name}.scheduleCron`,
  'sync.scheduleTimeZone',
];
