import { Chance, mix } from '../../discord/chance.ts';
import type { Content, Message, Reaction, Wrapping } from './message.ts';
import type { Person } from './person.ts';
import { oddText, sentence } from './prose.ts';
import type { HistoryPlan } from './world-plan.ts';

/** Ids as clients make them: `3EB0` and 18 more digits of a hex number (Baileys' own), or 32 of them (a phone's). */
export const messageId = (chance: Chance): string =>
  (chance.below(2) === 0 ? `3EB0${chance.hex(18)}` : `AC${chance.hex(30)}`).toUpperCase();

const EMOJIS = ['👍', '❤️', '😂', '🙏'] as const;

const contentOf = (chance: Chance, authors: readonly (Person | null)[]): Content => {
  const size = 1_000 + chance.below(5_000_000);
  const caption = chance.below(2) === 0 ? sentence(chance) : null;
  switch (chance.below(20)) {
    case 0:
      return { type: 'image', caption, mimetype: 'image/jpeg', size };
    case 1:
      return { type: 'video', caption, mimetype: 'video/mp4', size };
    case 2:
      return { type: 'audio', mimetype: 'audio/ogg; codecs=opus', size, seconds: 1 + chance.below(120) };
    case 3:
      return { type: 'document', fileName: `${sentence(chance)}.pdf`, caption, mimetype: 'application/pdf', size };
    case 4:
      return { type: 'sticker', mimetype: 'image/webp', size };
    case 5:
      return { type: 'location', latitude: chance.below(90), longitude: chance.below(180), name: caption };
    case 6:
      return {
        type: 'contact',
        displayName: authors.find((author) => author !== null)?.name ?? 'Someone',
        phoneNumber: '4915551234567',
      };
    case 7:
      return { type: 'poll', question: sentence(chance), options: ['yes', 'no', sentence(chance)] };
    case 8:
      return { type: 'text', text: oddText(chance) };
    default:
      return { type: 'text', text: sentence(chance) };
  }
};

const stubOf = (chance: Chance, isGroup: boolean, members: readonly Person[]): Content => {
  const someone = members[chance.below(Math.max(1, members.length))]?.pn ?? '';
  const stubs: readonly Content[] = isGroup
    ? [
        { type: 'system', stub: 'GROUP_PARTICIPANT_ADD', parameters: [someone] },
        { type: 'system', stub: 'GROUP_CHANGE_SUBJECT', parameters: [sentence(chance)] },
      ]
    : [
        { type: 'system', stub: 'CALL_MISSED_VOICE', parameters: [] },
        { type: 'system', stub: 'E2E_ENCRYPTED', parameters: [] },
      ];
  return stubs[chance.below(stubs.length)] ?? { type: 'system', stub: 'E2E_ENCRYPTED', parameters: [] };
};

const wrappingOf = (chance: Chance, { type }: Content): Wrapping | null => {
  if (type === 'document') return 'documentWithCaption';
  if ((type === 'image' || type === 'video') && chance.below(4) === 0) return 'viewOnce';
  return chance.below(12) === 0 ? 'ephemeral' : null;
};

export interface Voices {
  /** Who writes, the owner of the account (null) included. */
  readonly authors: readonly (Person | null)[];
  readonly isGroup: boolean;
}

/** The past of a chat, oldest first. `salt` tells its ids apart from those of other chats. */
export const composeHistory = (plan: HistoryPlan, voices: Voices, seed: number, salt: number): Message[] => {
  const { messages: count = 0, style = 'mixed' } = plan;
  const to = plan.to ?? 0;
  const from = plan.from ?? to - 86_400_000;
  const members = voices.authors.filter((author) => author !== null);
  const history: Message[] = [];
  for (let at = 0; at < count; at++) {
    const chance = new Chance(mix(seed, salt, at));
    const id = messageId(chance);
    const isMixed = style === 'mixed';
    // Every tenth message of a mixed chat comes in the second of the one before.
    const place = isMixed && at % 10 === 9 ? at - 1 : at;
    const seconds = Math.floor((from + ((to - from) * (place + 0.5)) / count) / 1000);
    const isStub = isMixed && at % 17 === 3;
    const content: Content = isStub
      ? stubOf(chance, voices.isGroup, members)
      : isMixed
        ? contentOf(chance, voices.authors)
        : { type: 'text', text: `${sentence(chance)} #${at}` };
    const isQuote = isMixed && !isStub && content.type === 'text' && at > 5 && chance.below(8) === 0;
    history.push({
      id,
      at: seconds,
      author: isStub ? (members[0] ?? null) : (voices.authors[chance.below(voices.authors.length)] ?? null),
      content,
      wrapping: isMixed && !isStub ? wrappingOf(chance, content) : null,
      quotes: isQuote ? (history[at - 1 - chance.below(5)]?.id ?? null) : null,
      reactions: isMixed && !isStub && chance.below(9) === 0 ? [reactionOf(chance, voices, seconds)] : [],
      editedAt: null,
      revokedAt: isMixed && !isStub && chance.below(40) === 0 ? seconds + 5 : null,
    });
  }
  return history;
};

const reactionOf = (chance: Chance, { authors }: Voices, at: number): Reaction => ({
  id: messageId(chance),
  by: authors[chance.below(authors.length)] ?? null,
  emoji: EMOJIS[chance.below(EMOJIS.length)] ?? '👍',
  at: at + 2,
});
