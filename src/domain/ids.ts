import { Schema } from 'effect';

const uuid = Schema.String.check(Schema.isUUID());

/** One connected account. */
export const InstanceId = uuid.pipe(Schema.brand('InstanceId'));
export type InstanceId = typeof InstanceId.Type;

/** One sync job. */
export const JobId = uuid.pipe(Schema.brand('JobId'));
export type JobId = typeof JobId.Type;

/** One WhatsApp chat, Discord channel or thread, as stored here. */
export const ConversationId = uuid.pipe(Schema.brand('ConversationId'));
export type ConversationId = typeof ConversationId.Type;

/** One human being (or bot, or business) behind any number of accounts. */
export const PersonId = uuid.pipe(Schema.brand('PersonId'));
export type PersonId = typeof PersonId.Type;

/** One account of a platform as one of our instances knows it. */
export const IdentityId = uuid.pipe(Schema.brand('IdentityId'));
export type IdentityId = typeof IdentityId.Type;

/** One group, community, guild or guild channel, as stored here. */
export const GroupId = uuid.pipe(Schema.brand('GroupId'));
export type GroupId = typeof GroupId.Type;

/** One command in a mailbox. */
export const CommandId = uuid.pipe(Schema.brand('CommandId'));
export type CommandId = typeof CommandId.Type;

/** An id as the platform writes it: a Discord snowflake, a WhatsApp message key. Opaque to everyone but the channel. */
export const ExternalId = Schema.NonEmptyString.check(Schema.isMaxLength(255)).pipe(Schema.brand('ExternalId'));
export type ExternalId = typeof ExternalId.Type;
