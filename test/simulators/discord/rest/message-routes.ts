import { snowflakeMs } from '../snowflake.ts';
import { canReadHistory } from '../world/access.ts';
import { messageJson, type SimMessage } from '../world/message.ts';
import type { MessageLog } from '../world/message-log.ts';
import { jsonText, ok, UNKNOWN_MESSAGE, WRONG_CHANNEL_TYPE } from './answer.ts';
import { integerWithin, optionalSnowflake, snowflakeOf } from './form.ts';
import { Refusal, type Route, type RouteRequest, viewableChannel } from './route.ts';

const readable = (request: RouteRequest) => {
  const channel = viewableChannel(request);
  if (channel.log === null) throw new Refusal(WRONG_CHANNEL_TYPE);
  const allowed = canReadHistory(request.bot, channel);
  if (!allowed) request.noteForbidden();
  return { channel, log: channel.log, allowed };
};

const readerOf = ({ bot }: RouteRequest) => ({ userId: bot.id, readsContent: bot.readsContent });

/** before, after and around exclude one another; Discord heeds the first of around, before, after. */
const select = (log: MessageLog, query: URLSearchParams, limit: number): SimMessage[] => {
  const around = optionalSnowflake(query, 'around');
  const before = optionalSnowflake(query, 'before');
  const after = optionalSnowflake(query, 'after');
  if (around !== null) {
    const older = Math.floor(limit / 2);
    const newer = log.after(around - 1n, limit - older);
    return [...newer, ...log.before(around, older)];
  }
  return before === null && after !== null ? log.after(after, limit) : log.before(before, limit);
};

export const MESSAGE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    template: '/channels/:channelId/messages',
    // Without Read Message History Discord gives an empty list, not a refusal.
    handle: (request) => {
      const { channel, log, allowed } = readable(request);
      const limit = integerWithin(request.query, 'limit', 1, 100, 50);
      const messages = select(log, request.query, limit);
      const reader = readerOf(request);
      const texts = messages.map((message) => messageJson(message, channel.id, channel.guild.id, reader));
      return jsonText(200, allowed ? `[${texts.join()}]` : '[]');
    },
  },
  {
    method: 'GET',
    template: '/channels/:channelId/messages/pins',
    handle: (request) => {
      readable(request);
      return ok({ items: [], has_more: false });
    },
  },
  {
    method: 'GET',
    template: '/channels/:channelId/messages/:messageId',
    handle: (request) => {
      const { channel, log, allowed } = readable(request);
      const id = snowflakeOf('message_id', request.params['messageId'] ?? '');
      const message = allowed && snowflakeMs(id) > 0 ? log.get(id) : null;
      if (message === null) return UNKNOWN_MESSAGE;
      return jsonText(200, messageJson(message, channel.id, channel.guild.id, readerOf(request)));
    },
  },
];
