import fc from 'fast-check';

const value = (least: number, most: number, words: readonly string[] = []) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: least, max: most }).map(String) },
    ...(words.length === 0 ? [] : [{ weight: 2, arbitrary: fc.constantFrom(...words) }]),
  );

const part = (one: fc.Arbitrary<string>) =>
  fc.oneof(
    one,
    fc.constant('*'),
    fc.tuple(one, one).map(([from, to]) => `${from}-${to}`),
    fc
      .tuple(fc.constantFrom('*', '1-5', '0-6', '2-12'), fc.integer({ min: 1, max: 12 }))
      .map(([range, step]) => `${range}/${step}`),
  );

const field = (one: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: part(one) },
    { weight: 1, arbitrary: fc.array(part(one), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(',')) },
  );

const MONTHS = ['jan', 'Feb', 'MAR', 'apr', 'dec'];
const WEEKDAYS = ['sun', 'Mon', 'tue', 'SAT'];

/** Texts in the form of a cron expression; most of them are one. */
export const cronText: fc.Arbitrary<string> = fc
  .tuple(
    field(value(0, 59)),
    field(value(0, 23)),
    field(value(1, 31)),
    field(value(1, 12, MONTHS)),
    field(value(0, 7, WEEKDAYS)),
  )
  .map((fields) => fields.join(' '));
