import { type BinaryNode, isJidGroup } from '@whiskeysockets/baileys';
import { isOwnAddress } from '../addresses/jid.ts';
import type { AuthState } from '../keys/auth-state.ts';
import type { Flanks } from '../socket/flanked.ts';
import type { AwaitedAnswers } from './awaited-answers.ts';
import type { IncomingHistory } from './incoming-history.ts';
import { keepNews } from './news-keeping.ts';
import { newsInPlain, type OwnNews } from './own-news.ts';

const isFromOwn = ({ attrs: { from, participant } }: BinaryNode, { me }: AuthState['creds']): boolean =>
  from !== undefined && participant === undefined && !isJidGroup(from) && isOwnAddress(me, from);

const newsOf = (stanza: BinaryNode): readonly OwnNews[] =>
  (Array.isArray(stanza.content) ? stanza.content : []).flatMap(({ tag, content }) =>
    tag === 'plaintext' && content instanceof Uint8Array ? (newsInPlain(content) ?? []) : [],
  );

export interface PlainNewsOf {
  readonly state: AuthState;
  readonly awaited: AwaitedAnswers;
  readonly incoming: IncomingHistory;
  readonly now: () => number;
}

/**
 * Keeps what a device of our own tells once in a `<plaintext>` child, which Baileys takes without decrypting anything
 * and so past `durableRepository`. To be done before Baileys hears of the stanza, since it sends the receipts. Of
 * others, a plaintext is not looked at: whose stanza it is, the server says.
 */
export const keepPlainNews = ({ state, awaited, incoming, now }: PlainNewsOf): NonNullable<Flanks['before']> => {
  const keep = async (told: readonly OwnNews[]): Promise<void> => {
    for (const news of told) {
      const hand = await state.keeping((pushes) =>
        keepNews(news, { awaited, incoming, now, pushes, setKeys: (keys) => state.keys.set(keys) }),
      );
      hand();
    }
  };
  return (stanza) => {
    const told = isFromOwn(stanza, state.creds) ? newsOf(stanza) : [];
    return told.length === 0 ? null : keep(told);
  };
};
