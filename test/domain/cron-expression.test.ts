import { Result } from 'effect';
import fc from 'fast-check';
import { parse, validate } from 'node-cron';
import { expect, test } from 'vitest';
import { parseCron } from '../../src/domain/cron-expression.ts';
import { SEED } from '../machines/seed.ts';
import { cronText } from './cron-text.ts';

const NUMBER_OF_RUNS = 2_000;

test(`whatever is accepted, node-cron accepts too and means the same by it (TEST_SEED=${SEED})`, () => {
  let accepted = 0;
  fc.assert(
    fc.property(cronText, (text) => {
      const read = parseCron(text);
      if (Result.isFailure(read)) return;
      accepted += 1;
      expect(validate(text), text).toBe(true);
      const { minute, hour, dayOfMonth, month, dayOfWeek } = parse(text);
      const { minutes, hours, days, months, weekdays } = read.success;
      const ascending = (values: readonly (number | string)[]) =>
        [...new Set(values.map(Number))].sort((a, b) => a - b);
      expect([minutes, hours, days, months, weekdays], text).toEqual(
        [minute, hour, dayOfMonth, month, dayOfWeek].map(ascending),
      );
    }),
    { seed: SEED, numRuns: NUMBER_OF_RUNS },
  );
  expect(accepted).toBeGreaterThan(NUMBER_OF_RUNS / 3);
});

test(`nothing that people type breaks it, and every refusal says something (TEST_SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...' 0159*/,-?LW#@adfjmnsu') })), (text) => {
      const read = parseCron(text);
      if (Result.isFailure(read)) expect(read.failure.length).toBeGreaterThan(10);
      else expect(validate(text), text).toBe(true);
    }),
    { seed: SEED, numRuns: NUMBER_OF_RUNS },
  );
});

test.each([
  [
    '* * * *',
    'must have five fields (minute, hour, day of month, month, day of week), such as "0 3 * * *"; this has 4',
  ],
  ['', 'must have five fields (minute, hour, day of month, month, day of week), such as "0 3 * * *"; this has 0'],
  [
    '0 0 3 * * *',
    'must have five fields (minute, hour, day of month, month, day of week), such as "0 3 * * *"; this has 6',
  ],
  ['60 3 * * *', 'minute: "60" is not a value from 0 to 59'],
  ['0 3 * foo *', 'month: "foo" is not a value from 1 to 12, or jan to dec'],
  ['0 3 * * 8', 'day of week: "8" is not a value from 0 to 7, or sun to sat'],
  ['0 22-2 * * *', 'hour: 22-2 runs backwards; write it as two ranges'],
  ['*/0 3 * * *', 'minute: a step must be from 1 to 59, not 0'],
  ['5/10 3 * * *', 'minute: "5/10" is none of *, 5, 1-5, */15, 10-40/10, or a list of these'],
  ['0 3 L * *', 'day of month: "L" is not a value from 1 to 31'],
  ['0 3 31 4,6,9,11 *', 'never comes: no such month has a day 31'],
  [`0 3 ${'1,'.repeat(60)}1 * *`, 'must have at most 100 characters'],
])('%j is refused: %s', (text, reason) => {
  expect(parseCron(text)).toEqual(Result.fail(reason));
});

test('a 29 February comes', () => {
  expect(Result.isSuccess(parseCron('0 3 29 2 *'))).toBe(true);
});
