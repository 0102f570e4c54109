import type { Chance } from '../../discord/chance.ts';

const WORDS = [
  'morning',
  'ferry',
  'the',
  'a',
  'we',
  'ship',
  'Grüße',
  'tomorrow',
  'plan',
  'coffee',
  'no',
  'yes',
  'please',
  'señor',
  'bring',
  'key',
  'late',
  'again',
  'because',
  'of',
  'rain',
  'here',
  'photo',
  'from',
  'last',
  'week',
  'ok',
  '你好',
  'спасибо',
] as const;

/** What people write, and what breaks those who store it. */
const ODD = [
  'nul \u0000 inside',
  'half an emoji \ud83d and on',
  'the other half \ude00',
  '👩‍👩‍👧‍👦 👍🏽',
  '',
  '   ',
  'line\nbreak\r\nand tab\t',
  '\u202eright to left',
  'x'.repeat(5_000),
] as const;

export const sentence = (chance: Chance): string => {
  const words = Array.from({ length: 2 + chance.below(9) }, () => WORDS[chance.below(WORDS.length)] ?? 'so');
  return words.join(' ');
};

export const oddText = (chance: Chance): string => ODD[chance.below(ODD.length)] ?? '';
