import type { Anchor } from '../../../domain/anchor.ts';
import type { Message } from '../../../domain/message.ts';
import type { MalformedMessage } from '../../channel.ts';
import { anchorOf } from '../mapping/conversation-mapping.ts';
import { type ApiMessage, isBlank, isWritten, messageOf, readMessage } from '../mapping/message-mapping.ts';
import { compareSnowflakes, isSnowflake, timeOfSnowflake } from '../mapping/snowflake.ts';

/** One person may send something empty; this many do not. */
const TOO_MANY_BLANKS = 20;

export interface ReadPage {
  /** Newest first, each once. */
  readonly messages: readonly Message[];
  readonly newest: Anchor | null;
  readonly oldest: Anchor | null;
  readonly malformed: readonly MalformedMessage[];
  /** Whether many messages of other people are here, and nothing of any of them can be seen. */
  readonly contentHidden: boolean;
}

export interface PageOf {
  readonly channelId: string;
  /** Every message must be older than this one; null: no bound. */
  readonly bound: string | null;
  readonly botId: string;
}

/** The id of an entry, however broken the rest of it is. */
const idOf = (entry: unknown): string | null => {
  const id = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : null;
  return isSnowflake(id) ? id : null;
};

/** Why a message has no place in this page. */
const strayBecause = (message: ApiMessage, { channelId, bound }: PageOf): string | null => {
  if (message.channel_id != null && message.channel_id !== channelId) return `belongs to channel ${message.channel_id}`;
  if (bound !== null && compareSnowflakes(message.id, bound) >= 0)
    return `is not older than ${bound}, which was asked for`;
  return null;
};

const newestFirst = (a: Anchor, b: Anchor): number => compareSnowflakes(b.id ?? '', a.id ?? '');

/**
 * Reads each entry by itself: a broken one is told and never sinks the page. A broken entry still marks its place,
 * so that the walk gets past it; a stray one does not, or a server that ignores the bound would lead it in circles.
 */
export const readPage = (entries: readonly unknown[], page: PageOf): ReadPage => {
  const messages = new Map<string, Message>();
  const malformed: MalformedMessage[] = [];
  const places: Anchor[] = [];
  let [written, blank] = [0, 0];
  for (const entry of entries) {
    const read = readMessage(entry);
    const id = idOf(entry);
    if (typeof read === 'string') {
      malformed.push({ externalId: id, at: id === null ? null : timeOfSnowflake(id), reason: read, raw: entry });
      if (id !== null && (page.bound === null || compareSnowflakes(id, page.bound) < 0)) places.push(anchorOf(id));
      continue;
    }
    const stray = strayBecause(read, page);
    if (stray !== null) {
      // Without a time it is counted, and not kept as a message of this conversation.
      malformed.push({ externalId: id, at: null, reason: stray, raw: entry });
      continue;
    }
    const message = messageOf(read, entry, page.botId);
    messages.set(read.id, message);
    places.push({ at: message.timestamp, id: read.id });
    if (!isWritten(read) || message.isFromMe) continue;
    written += 1;
    if (isBlank(read)) blank += 1;
  }
  places.sort(newestFirst);
  return {
    messages: [...messages.values()].sort((a, b) => compareSnowflakes(b.externalId, a.externalId)),
    newest: places[0] ?? null,
    oldest: places.at(-1) ?? null,
    malformed,
    contentHidden: blank === written && written >= TOO_MANY_BLANKS,
  };
};
