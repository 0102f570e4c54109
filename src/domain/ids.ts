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

/** One command in a mailbox. */
export const CommandId = uuid.pipe(Schema.brand('CommandId'));
export type CommandId = typeof CommandId.Type;

/**
 * One run of an activity. A report that carries another run than the snapshot names is stale and dropped,
 * which is what makes cancel, pause and restart safe while a page is still under way.
 */
export const RunId = Schema.String.pipe(Schema.brand('RunId'));
export type RunId = typeof RunId.Type;

/** An id as the platform writes it: a Discord snowflake, a WhatsApp message key. Opaque to everyone but the channel. */
export const ExternalId = Schema.NonEmptyString.check(Schema.isMaxLength(255)).pipe(Schema.brand('ExternalId'));
export type ExternalId = typeof ExternalId.Type;
