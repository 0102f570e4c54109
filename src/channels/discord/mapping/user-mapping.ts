import { Option, Schema } from 'effect';
import type { ListedContact } from '../../../domain/contact.ts';
import { ExternalId } from '../../../domain/ids.ts';
import { Snowflake } from './api-channel.ts';

const optional = <A>(schema: Schema.Codec<A>) => Schema.optional(Schema.NullOr(schema));

/** What we read of a user (docs: User Object). */
export const ApiUser = Schema.Struct({
  id: Snowflake,
  username: optional(Schema.String),
  global_name: optional(Schema.String),
  discriminator: optional(Schema.String),
  avatar: optional(Schema.String),
  bot: optional(Schema.Boolean),
});
export type ApiUser = typeof ApiUser.Type;

const decodeAuthored = Schema.decodeUnknownOption(Schema.Struct({ author: ApiUser }));

/** Who wrote a message; null when it does not tell. */
export const authorOf = (message: unknown): ApiUser | null => Option.getOrNull(decodeAuthored(message))?.author ?? null;

/** Old accounts and bots have a discriminator beside their username; "0" stands for none. */
const discriminatorOf = ({ discriminator }: ApiUser): { readonly discriminator?: string } =>
  discriminator == null || discriminator === '0' ? {} : { discriminator };

export const contactOf = (user: ApiUser): ListedContact => ({
  externalId: ExternalId.make(user.id),
  aliases: [],
  handle: user.username ?? null,
  names: { pushed: user.global_name ?? null },
  phone: null,
  isBot: user.bot ?? false,
  metadata: { ...(user.avatar == null ? {} : { avatar: user.avatar }), ...discriminatorOf(user) },
});
