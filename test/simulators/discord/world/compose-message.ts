import { Chance, mix } from '../chance.ts';
import { discordTime } from '../snowflake.ts';
import type { BaseHistory } from './base-history.ts';
import { PLAIN, type SimMessage } from './message.ts';
import type { People, User } from './people.ts';
import { longProse, prose } from './prose.ts';

export interface Composer {
  readonly seed: number;
  readonly ordinal: number;
  readonly history: BaseHistory;
  readonly people: People;
  /** How many users write here, at least 1. */
  readonly authors: number;
  /** Who is mentioned now and then. */
  readonly bot: User | null;
}

const EDIT_WITHIN_MS = 3_600_000;

/**
 * The message at an index of a planned history: always the same one. The mixture has what real channels have:
 * attachments, embeds, replies, edits, reactions, joins and pins, stickers, polls, mentions, empty contents.
 */
export const composeMessage = (composer: Composer, index: number): SimMessage => compose(composer, index, true);

const compose = (composer: Composer, index: number, withReference: boolean): SimMessage => {
  const chance = new Chance(mix(composer.seed, composer.ordinal, index, 3));
  const timestamp = composer.history.timestampAt(index);
  const base = {
    ...PLAIN,
    id: composer.history.idAt(index),
    timestamp,
    author: composer.people.at(Math.floor(chance.next() ** 2 * composer.authors)),
    content: '',
  };
  const edited = chance.next() < 0.04 ? { editedAt: timestamp + 1 + chance.below(EDIT_WITHIN_MS) } : {};
  const reacted = chance.next() < 0.08 ? { extras: reactions(chance) } : {};
  const refer = (): SimMessage | null =>
    withReference && index > 0 ? compose(composer, Math.max(0, index - 1 - chance.below(20)), false) : null;

  const kind = chance.next();
  if (kind < 0.72) return { ...base, ...edited, ...reacted, content: prose(chance) };
  if (kind < 0.8)
    return { ...base, ...edited, ...reacted, type: index > 0 ? 19 : 0, content: prose(chance), reference: refer() };
  if (kind < 0.85)
    return {
      ...base,
      ...reacted,
      content: chance.next() < 0.5 ? '' : prose(chance),
      attachments: attachment(chance, base),
    };
  if (kind < 0.89)
    return { ...base, ...edited, content: `https://example.org/${chance.hex(8)}`, embeds: embed(chance) };
  if (kind < 0.9 && composer.bot !== null) return { ...base, ...edited, author: composer.bot, content: prose(chance) };
  if (kind < 0.91)
    return {
      ...base,
      ...edited,
      ...(composer.bot && { content: `<@${composer.bot.id}> ${prose(chance)}`, mentions: [composer.bot] }),
    };
  if (kind < 0.93) return { ...base, type: 7 };
  if (kind < 0.94) return { ...base, type: index > 0 ? 6 : 0, reference: refer() };
  if (kind < 0.96) return { ...base, extras: sticker(chance) };
  if (kind < 0.97) return { ...base, poll: poll(chance, timestamp) };
  if (kind < 0.98) return { ...base, ...edited, content: longProse(chance) };
  if (kind < 0.99) return { ...base, content: '' };
  return { ...base, ...reacted, content: `${'🎉'.repeat(1 + chance.below(5))}` };
};

const reactions = (chance: Chance): string => {
  const count = 1 + chance.below(9);
  return `,"reactions":[{"emoji":{"id":null,"name":"👍"},"count":${count},"count_details":{"burst":0,"normal":${count}},"burst_colors":[],"me_burst":false,"burst_me":false,"me":false,"burst_count":0}]`;
};

type FileKind = readonly [contentType: string, extension: string];

const FILES: readonly [FileKind, ...FileKind[]] = [
  ['image/png', 'png'],
  ['image/jpeg', 'jpg'],
  ['video/mp4', 'mp4'],
  ['audio/ogg', 'ogg'],
  ['application/pdf', 'pdf'],
];

const attachment = (chance: Chance, message: { id: bigint }): string => {
  const [contentType, extension] = chance.pick(FILES);
  const filename = `file-${chance.hex(6)}.${extension}`;
  const url = `https://cdn.discordapp.com/attachments/1/${message.id}/${filename}?ex=0&is=0&hm=${chance.hex(16)}&`;
  const image = contentType.startsWith('image/') ? { width: 800, height: 600 } : {};
  return JSON.stringify([
    {
      id: String(message.id + 1n),
      filename,
      size: 1 + chance.below(8_000_000),
      url,
      proxy_url: url,
      content_type: contentType,
      ...image,
    },
  ]);
};

const embed = (chance: Chance): string =>
  JSON.stringify([
    {
      type: 'rich',
      title: prose(chance),
      description: prose(chance),
      color: chance.below(0xffffff),
      fields: [{ name: 'a', value: 'b', inline: true }],
    },
  ]);

const sticker = (chance: Chance): string =>
  `,"sticker_items":[{"id":"7490546607692${chance.below(90_000) + 10_000}","name":"Wave","format_type":1}]`;

const poll = (chance: Chance, timestamp: number): string =>
  `,"poll":${JSON.stringify({
    question: { text: prose(chance).slice(0, 300).toWellFormed() },
    answers: ['yes', 'no'].map((text, at) => ({ answer_id: at + 1, poll_media: { text } })),
    expiry: discordTime(timestamp + 86_400_000),
    allow_multiselect: false,
    layout_type: 1,
    results: { answer_counts: [{ id: 1, count: chance.below(9), me_voted: false }], is_finalized: false },
  })}`;
