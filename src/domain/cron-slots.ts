import type { CronExpression } from './cron-expression.ts';
import { DAY_MS } from './instant.ts';
import { offsetOf, wallTimeOf } from './time-zone.ts';

/*
 * When the slots of a schedule are. A slot is an instant (ms) at which clocks of the time zone show what the
 * expression says. Where daylight saving time begins or ends, that is not one instant:
 *
 * - An expression that names hours means "once at that time of the day". A time that clocks leave out comes as much
 *   later as clocks were put forward (02:30 at 03:30, as RFC 5545 and Temporal have it); one that they show twice
 *   comes the first time only.
 * - An expression for every hour means "as often as that": what clocks leave out does not come, what they show twice
 *   comes twice, and the distance between slots stays the same.
 */

const HOUR_MS = 3_600_000;
/** Zones are at most 14 hours away from UTC, and a day of wall time has its instants within this of it. */
const AROUND_MS = 38 * HOUR_MS;
/** How far ahead is looked: a 29 February that must be a Monday comes every 28 years, or 40 around 2100. */
const DAYS_AHEAD = 366 * 41;

export interface Slots {
  readonly cron: CronExpression;
  /** IANA name */
  readonly timeZone: string;
}

/** The first slot after an instant; null: there is none within forty years. */
export const nextSlot = (slots: Slots, after: number): number | null => {
  const first = dayOf(slots.timeZone, after) - DAY_MS;
  for (let ahead = 0; ahead < DAYS_AHEAD; ahead++) {
    const found = slotsOfDay(slots, first + ahead * DAY_MS).find((slot) => slot > after);
    if (found !== undefined) return found;
  }
  return null;
};

/** The last slot that is later than `after` and not later than `until`. */
export const lastSlot = (slots: Slots, after: number, until: number): number | null => {
  if (until <= after) return null;
  const earliest = dayOf(slots.timeZone, after) - DAY_MS;
  for (let day = dayOf(slots.timeZone, until); day >= earliest; day -= DAY_MS) {
    const found = slotsOfDay(slots, day).findLast((slot) => slot <= until);
    if (found !== undefined && found > after) return found;
  }
  return null;
};

/** The calendar day of an instant, as its midnight written in UTC. */
const dayOf = (zone: string, at: number): number => Math.floor(wallTimeOf(zone, at) / DAY_MS) * DAY_MS;

/** Ascending. `day` is its midnight written in UTC. */
const slotsOfDay = ({ cron, timeZone }: Slots, day: number): readonly number[] => {
  const date = new Date(day);
  const isDay =
    cron.months.includes(date.getUTCMonth() + 1) &&
    cron.days.includes(date.getUTCDate()) &&
    cron.weekdays.includes(date.getUTCDay());
  if (!isDay) return [];
  const before = offsetOf(timeZone, day - AROUND_MS);
  const after = offsetOf(timeZone, day + AROUND_MS);
  const walls = cron.hours.flatMap((hour) => cron.minutes.map((minute) => day + hour * HOUR_MS + minute * 60_000));
  if (before === after) return walls.map((wall) => wall - before);
  const isEveryHour = cron.hours.length === 24;
  const found = walls.flatMap((wall) => instantsOf(wall, timeZone, before, after, isEveryHour));
  return [...new Set(found)].sort((a, b) => a - b);
};

/** The instants that a wall time stands for, on a day around which clocks are changed. */
const instantsOf = (wall: number, zone: string, before: number, after: number, all: boolean): readonly number[] => {
  const shown = [wall - before, wall - after].filter((at) => at + offsetOf(zone, at) === wall).sort((a, b) => a - b);
  if (all) return shown;
  return [shown[0] ?? wall - before];
};
