import type { Chance } from '../chance.ts';

type Words = readonly [string, ...string[]];

const WORDS: Words = [
  'the',
  'build',
  'is',
  'green',
  'again',
  'who',
  'broke',
  'release',
  'notes',
  'today',
  'coffee',
  'meeting',
  'at',
  'noon',
  'please',
  'review',
  'my',
  'branch',
  'when',
  'you',
  'have',
  'a',
  'minute',
  'thanks',
  'everyone',
  'looks',
  'good',
  'to',
  'me',
  'deploy',
  'tomorrow',
  'morning',
  'tests',
  'are',
  'slow',
  'on',
  'two',
  'cores',
  'café',
  'naïve',
  'Straße',
  'señor',
  'ありがとう',
  'привет',
  'שלום',
  'مرحبا',
  '你好',
  'हैलो',
  'history',
  'sync',
  'message',
  'channel',
  'thread',
  'quite',
  'a',
  'lot',
  'of',
  'work',
];
const EMOJI: Words = [
  '😀',
  '👩‍👩‍👧‍👦',
  '🏳️‍🌈',
  '👍🏽',
  '🇧🇷',
  '❤️',
  '🤷‍♂️',
  '🧪',
  '🚀',
  '<:party:1012345678901234567>',
  'e\u0301',
];
const ENDINGS: Words = [
  '',
  '',
  '',
  '.',
  '!',
  '?',
  ' …',
  '\n> quoted',
  ' `code`',
  ' **bold**',
  ' it\'s "quoted" \\ slashed',
];

/** One to some sixty words, now and then with emoji, line breaks, quotes and other scripts. Never empty, no NUL. */
export const prose = (chance: Chance): string => {
  let text = chance.pick(WORDS);
  for (let left = chance.below(chance.next() < 0.05 ? 60 : 14); left > 0; left--) text += ` ${chance.pick(WORDS)}`;
  if (chance.next() < 0.15) text += ` ${chance.pick(EMOJI)}`;
  return text + chance.pick(ENDINGS);
};

/** The longest text that Discord takes from a bot. */
export const longProse = (chance: Chance): string => {
  let text = prose(chance);
  while (text.length < 2_000) text += `\n${prose(chance)}`;
  return text.slice(0, 2_000).toWellFormed().replaceAll('\ufffd', '.');
};
