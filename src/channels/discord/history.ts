import { Effect, Schema } from 'effect';
import type { Anchor } from '../../domain/anchor.ts';
import type { Log } from '../../domain/log.ts';
import type { HistoryRequest, MessageHistory, MessagePage } from '../channel.ts';
import { AccessDenied } from '../platform-failure.ts';
import { badAnswer } from './failures.ts';
import type { GuildAtlas } from './guild-atlas.ts';
import { readPage } from './message-page.ts';
import type { DiscordRequests } from './rest-requests.ts';
import { isSnowflake, snowflakeAt } from './snowflake.ts';

/** `GET /channels/:id/messages` gives at most 100 (docs: Get Channel Messages). */
const PAGE_SIZE = 100;
/** So many blank messages of other people in one page are no coincidence. */
const SUSPICIOUSLY_BLANK = 20;

interface HistoryOf {
  readonly requests: DiscordRequests;
  readonly atlas: GuildAtlas;
  readonly log: Log;
  readonly now: () => number;
}

/** The id below which to read; null when nothing can be older. */
const boundOf = (before: Anchor): string | null => (isSnowflake(before.id) ? before.id : snowflakeAt(before.at));

const nothing = (requestedAt: number): MessagePage => ({
  messages: [],
  newest: null,
  oldest: null,
  atStart: true,
  malformed: [],
  requestedAt,
  quota: null,
});

export const discordHistory = ({ requests, atlas, log, now }: HistoryOf): MessageHistory => {
  let warned = false;
  const warnOfBlanks = (blanks: number, channel: string): void => {
    if (warned || blanks < SUSPICIOUSLY_BLANK) return;
    warned = true;
    log.warn(
      { channel, blanks },
      'Messages arrive without any content: enable the Message Content intent in the developer portal.',
    );
  };

  return {
    pageSize: PAGE_SIZE,
    read: Effect.fnUntraced(function* ({ externalId, before, limit }: HistoryRequest) {
      const channel = atlas.channel(externalId);
      const unreadable = channel === null ? null : atlas.whyUnreadable(channel);
      if (unreadable !== null) return yield* new AccessDenied({ message: unreadable });
      if (!isSnowflake(externalId))
        return yield* new AccessDenied({ message: `"${externalId}" is no channel id of Discord's.` });
      const bound = before === null ? null : boundOf(before);
      if (before !== null && bound === null) return nothing(now());
      const query = { limit: Math.min(PAGE_SIZE, Math.max(1, limit)), before: bound };
      const answer = yield* requests.get(`/channels/${externalId}/messages`, query, Schema.Array(Schema.Unknown));
      const page = readPage(answer.value, { channelId: externalId, bound, botId: atlas.botId });
      warnOfBlanks(page.blanks, externalId);
      const atStart = answer.value.length < query.limit;
      if (!atStart && page.oldest === null)
        return yield* badAnswer('No entry of the page lies where the page was asked for.', null);
      return {
        messages: page.messages,
        newest: page.newest,
        oldest: page.oldest,
        atStart,
        malformed: page.malformed,
        requestedAt: answer.requestedAt,
        quota: answer.quota,
      };
    }),
  };
};
