import { Data, Option, Schema } from 'effect';

/** `GET /gateway/bot` answered something that no connection can be made of. */
export class GatewayAnswerUnusable extends Data.TaggedError('GatewayAnswerUnusable')<{ readonly message: string }> {}

const GatewayAnswer = Schema.Struct({
  url: Schema.String,
  shards: Schema.optional(Schema.NullOr(Schema.Number)),
  session_start_limit: Schema.optional(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown))),
});
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(GatewayAnswer));

/** discord.js takes these for granted; a server that leaves them out sets no limit. */
const NO_START_LIMIT = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 };

/** Whether a connection can be tried there at all. */
export const isGatewayUrl = (url: string): boolean => URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol);

/**
 * The answer as discord.js needs it. Checked here, since an address that is none makes the library throw where
 * nobody can catch it.
 */
export const completeGatewayAnswer = (text: string): Response => {
  const answer = Option.getOrNull(decode(text));
  if (answer === null || !isGatewayUrl(answer.url)) {
    throw new GatewayAnswerUnusable({
      message: 'The platform named no gateway address that a connection can be made to.',
    });
  }
  return Response.json({
    ...answer,
    shards: Math.max(1, Math.floor(answer.shards ?? 1)),
    session_start_limit: { ...NO_START_LIMIT, ...answer.session_start_limit },
  });
};
