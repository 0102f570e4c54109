import { Result } from 'effect';

/**
 * A cron expression of five fields: minute, hour, day of month, month, day of week. The values of each field that
 * match, in ascending order; Sunday is 0. A day must match both of its fields.
 */
export interface CronExpression {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  readonly weekdays: readonly number[];
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Words for values, in their order from `least` on. */
  readonly words?: readonly string[];
  /** What a value means, where two mean the same. */
  readonly fold?: (value: number) => number;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const MINUTE: Field = { name: 'minute', least: 0, most: 59 };
const HOUR: Field = { name: 'hour', least: 0, most: 23 };
const DAY: Field = { name: 'day of month', least: 1, most: 31 };
const MONTH: Field = { name: 'month', least: 1, most: 12, words: MONTHS };
const WEEKDAY: Field = { name: 'day of week', least: 0, most: 7, words: WEEKDAYS, fold: (value) => value % 7 };

/** Of each month in a leap year. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const LONGEST_TEXT = 100;

/** Reads an expression, or says what is wrong with it and what would be right. */
export const parseCron = (text: string): Result.Result<CronExpression, string> =>
  Result.gen(function* () {
    if (text.length > LONGEST_TEXT) return yield* Result.fail(`must have at most ${LONGEST_TEXT} characters`);
    const fields = text.trim().split(/\s+/);
    const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
    if (fields.length !== 5) {
      return yield* Result.fail(
        `must have five fields (minute, hour, day of month, month, day of week), such as "0 3 * * *"; this has ${text.trim() === '' ? 0 : fields.length}`,
      );
    }
    const cron = {
      minutes: yield* valuesOf(MINUTE, minute),
      hours: yield* valuesOf(HOUR, hour),
      days: yield* valuesOf(DAY, day),
      months: yield* valuesOf(MONTH, month),
      weekdays: yield* valuesOf(WEEKDAY, weekday),
    };
    const isPossible = cron.months.some((one) => (cron.days[0] ?? 1) <= (LONGEST[one - 1] ?? 0));
    return isPossible ? cron : yield* Result.fail(`never comes: no such month has a day ${day}`);
  });

const valuesOf = (field: Field, text: string): Result.Result<readonly number[], string> =>
  Result.gen(function* () {
    const values = new Set<number>();
    for (const part of text.split(',')) {
      for (const value of yield* rangeOf(field, part)) values.add(field.fold?.(value) ?? value);
    }
    return [...values].sort((a, b) => a - b);
  });

/** A star, a value or a range of values, and a step through it. */
const PART = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,2}))?$/;

const rangeOf = (field: Field, part: string): Result.Result<readonly number[], string> =>
  Result.gen(function* () {
    const { name, least, most } = field;
    const [whole, star, first, last, stepText] = PART.exec(part) ?? [];
    if (whole === undefined || (stepText !== undefined && star === undefined && last === undefined)) {
      return yield* Result.fail(
        `${name}: "${part.slice(0, 20)}" is none of *, 5, 1-5, */15, 10-40/10, or a list of these`,
      );
    }
    const step = stepText === undefined ? 1 : Number(stepText);
    if (step < 1 || step > most) return yield* Result.fail(`${name}: a step must be from 1 to ${most}, not ${step}`);
    // Written with a star, Sunday is named once.
    const from = star === undefined ? yield* readValue(field, first ?? '') : least;
    const to = star === undefined ? (last === undefined ? from : yield* readValue(field, last)) : topOf(field);
    if (from > to) return yield* Result.fail(`${name}: ${part} runs backwards; write it as two ranges`);
    return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
  });

const topOf = ({ most, fold }: Field): number => (fold === undefined ? most : most - 1);

const readValue = (field: Field, text: string): Result.Result<number, string> => {
  const { name, least, most, words = [] } = field;
  const word = words.indexOf(text.toLowerCase());
  if (word >= 0) return Result.succeed(least + word);
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return Result.succeed(value);
  const or = words.length === 0 ? '' : `, or ${words[0]} to ${words.at(-1)}`;
  return Result.fail(`${name}: "${text.slice(0, 20)}" is not a value from ${least} to ${most}${or}`);
};
