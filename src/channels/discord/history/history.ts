import { ApplicationFlags } from 'discord.js';
import { Effect, Schema } from 'effect';
import type { Anchor } from '../../../domain/anchor.ts';
import type { Log } from '../../../domain/log.ts';
import type { HistoryRequest, MessageHistory, MessagePage } from '../../channel.ts';
import { AccessDenied } from '../../platform-failure.ts';
import type { GuildAtlas } from '../guilds/guild-atlas.ts';
import { isSnowflake, snowflakeAt } from '../mapping/snowflake.ts';
import { badAnswer } from '../rest/failures.ts';
import type { DiscordRequests } from '../rest/rest-requests.ts';
import { readPage } from './message-page.ts';

/** `GET /channels/:id/messages` gives at most 100 (docs: Get Channel Messages). */
const PAGE_SIZE = 100;

/**
 * The two flags of an application that may read message content (docs: Application Flags); small bots have the second.
 */
const READS_CONTENT = ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited;
const NO_CONTENT = 'Messages arrive without any content: enable the Message Content intent in the developer portal.';

interface HistoryOf {
  readonly requests: DiscordRequests;
  readonly atlas: GuildAtlas;
  readonly log: Log;
  readonly now: () => number;
  /** Of the bot's application; null when READY did not tell. */
  readonly applicationFlags: () => number | null;
  /** Told when the platform hides what people write. */
  readonly onContentHidden: () => void;
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

export const discordHistory = ({
  requests,
  atlas,
  log,
  now,
  applicationFlags,
  onContentHidden,
}: HistoryOf): MessageHistory => {
  let warned = false;
  /** True when the platform also says that we may not read content: then these texts must not be stored as empty. */
  const isRefusedContent = (channel: string): boolean => {
    const flags = applicationFlags();
    if (flags !== null && (flags & READS_CONTENT) === 0) return true;
    if (!warned) log.warn({ channel }, NO_CONTENT);
    warned = true;
    return false;
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
      if (page.contentHidden && isRefusedContent(externalId)) {
        onContentHidden();
        return yield* badAnswer(NO_CONTENT, null);
      }
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
