import type { Message } from '../../domain/message.ts';
import type { StoredCounts, SyncTransaction } from '../../sync/store.ts';
import type { Sql } from '../connection/sql.ts';
import { boolArray, instantArray, jsonArray, textArray } from '../values/binary-array.ts';
import { cleanJsonOrNull, cleanText, cleanTextOrNull } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';
import { newestEdits } from './newest-edits.ts';

/** The last of each external id, sorted by it: every transaction takes its row locks in the same order. */
const asSet = (messages: readonly Message[]): readonly (readonly [string, Message])[] => {
  const byId = new Map(messages.map((message) => [cleanText(message.externalId), message]));
  return [...byId].sort(([a], [b]) => (a < b ? -1 : 1));
};

const columnsOf = (page: ReturnType<typeof asSet>) => ({
  externalIds: textArray(page.map(([externalId]) => externalId)),
  senderIds: textArray(page.map(([, message]) => cleanTextOrNull(message.senderId))),
  areFromMe: boolArray(page.map(([, message]) => message.isFromMe)),
  types: textArray(page.map(([, message]) => message.type)),
  texts: textArray(page.map(([, message]) => cleanTextOrNull(message.text))),
  payloads: jsonArray(page.map(([, message]) => cleanJsonOrNull(message.payload))),
  timestamps: instantArray(page.map(([, message]) => message.timestamp)),
  editedAts: instantArray(page.map(([, message]) => message.editedAt)),
});

const PAGE = `unnest($3::text[], $4::text[], $5::bool[], $6::text[], $7::text[], $8::json[], $9::timestamptz[], $10::timestamptz[])
  AS page (external_id, sender_id, is_from_me, type, text, payload, timestamp, edited_at)`;

/** A row is newer when the platform dates its edit later, or when it tells what was not understood before. */
const isNewer = (incoming: string): string => `(
  ${incoming}.edited_at > held.edited_at
  OR (held.edited_at IS NULL AND ${incoming}.edited_at IS NOT NULL)
  OR (held.type = 'unknown' AND ${incoming}.type <> 'unknown'))`;

/**
 * Where a platform shows an edited message without a date of the edit (WhatsApp), what was read last is what it says
 * now, unless an edit that is held was made after the platform was asked ($13). Not so for what is pushed, which may be
 * older than what is held.
 */
const IS_UNDATED_EDIT = `(
  excluded.source = 'sync' AND excluded.edited_at IS NULL
  AND (held.edited_at IS NULL OR held.edited_at < $13::timestamptz)
  AND excluded.type = held.type AND excluded.text IS DISTINCT FROM held.text)`;

/**
 * `isLaterEdit` of the domain for what is told live ($7): of two edits in one second the one that came later counts.
 */
const IS_LATER_IN_ITS_SECOND = `(
  $7::bool AND edit.edited_at = held.edited_at AND (edit.type, edit.text) IS DISTINCT FROM (held.type, held.text))`;

// A row that was inserted here has no earlier version, which shows in its xmax. Neither the source nor a deletion
// mark is touched by an update.
const UPSERT = `
  WITH written AS (
    INSERT INTO omni_events AS held (
      instance_id, conversation_id, source, stored_at,
      external_id, sender_id, is_from_me, type, text, payload, timestamp, edited_at)
    SELECT $1, $2, $11, $12, external_id, sender_id, is_from_me, type, text, payload, timestamp, edited_at
    FROM ${PAGE}
    ON CONFLICT (conversation_id, external_id) DO UPDATE
    SET type = excluded.type, text = excluded.text, payload = excluded.payload,
        edited_at = coalesce(excluded.edited_at, held.edited_at)
    WHERE ${isNewer('excluded')} OR ${IS_UNDATED_EDIT}
    RETURNING (held.xmax = 0) AS inserted
  ), counts AS (
    SELECT count(*) FILTER (WHERE inserted) AS stored, count(*) FILTER (WHERE NOT inserted) AS updated FROM written
  ), counted AS (
    UPDATE conversations SET event_count = event_count + counts.stored
    FROM counts WHERE conversations.id = $2 AND counts.stored > 0
  )
  SELECT stored::float8 AS stored, updated::float8 AS updated FROM counts`;

const EDIT = `
  WITH edited AS (
    UPDATE omni_events AS held
    SET type = edit.type, text = edit.text, payload = edit.payload, edited_at = edit.edited_at
    FROM unnest($2::text[], $3::text[], $4::text[], $5::json[], $6::timestamptz[])
      AS edit (external_id, type, text, payload, edited_at)
    WHERE held.conversation_id = $1 AND held.external_id = edit.external_id
      AND (${isNewer('edit')} OR ${IS_LATER_IN_ITS_SECOND})
  )
  SELECT external_id AS "externalId" FROM omni_events WHERE conversation_id = $1 AND external_id = ANY ($2::text[])`;

type MessageWrites = Pick<SyncTransaction, 'upsertMessages' | 'applyEdits' | 'markDeleted' | 'markMissing' | 'isRead'>;

/** Messages are written by set: one statement for a page, whatever is in it. */
export const messageWrites = (sql: Sql): MessageWrites => ({
  upsertMessages: async (instanceId, conversationId, source, messages, at, readAt = 0) => {
    if (messages.length === 0) return { stored: 0, duplicates: 0, updated: 0 };
    const page = columnsOf(asSet(messages));
    const [counts] = await sql.rows<Omit<StoredCounts, 'duplicates'>>(UPSERT, [
      instanceId,
      conversationId,
      page.externalIds,
      page.senderIds,
      page.areFromMe,
      page.types,
      page.texts,
      page.payloads,
      page.timestamps,
      page.editedAts,
      source,
      toInstant(at),
      toInstant(readAt),
    ]);
    if (counts === undefined) throw new Error('The upsert of a page returned no counts');
    return { ...counts, duplicates: messages.length - counts.stored - counts.updated };
  },

  applyEdits: async (conversationId, messages, told) => {
    if (messages.length === 0) return [];
    const { externalIds, types, texts, payloads, editedAts } = columnsOf(newestEdits(messages));
    const isLive = told === 'live';
    const parameters = [conversationId, externalIds, types, texts, payloads, editedAts, isLive];
    const held = await sql.rows<{ externalId: string }>(EDIT, parameters);
    return held.map(({ externalId }) => externalId);
  },

  markDeleted: async (conversationId, externalIds, at) => {
    const found = await sql.rows<{ externalId: string }>(
      `UPDATE omni_events SET deleted_at = coalesce(deleted_at, $3)
       WHERE conversation_id = $1 AND external_id = ANY($2::text[])
       RETURNING external_id AS "externalId"`,
      [conversationId, [...new Set(externalIds.map(cleanText))].sort(), toInstant(at)],
    );
    return found.map(({ externalId }) => externalId);
  },

  isRead: async (conversationId, externalId) => {
    const rows = await sql.rows(
      `SELECT 1 FROM omni_events WHERE conversation_id = $1 AND external_id = $2 AND type <> 'unknown'`,
      [conversationId, cleanText(externalId)],
    );
    return rows.length > 0;
  },

  markMissing: async (conversationId, { olderThan, newerThan, present, storedBefore }, at) => {
    await sql.rows(
      `UPDATE omni_events SET deleted_at = $6
       WHERE conversation_id = $1 AND timestamp > $2 AND timestamp < $3 AND stored_at < $4 AND deleted_at IS NULL
         AND external_id <> ALL ($5::text[])`,
      [
        conversationId,
        toInstant(newerThan),
        toInstant(olderThan),
        toInstant(storedBefore),
        present.map(cleanText),
        toInstant(at),
      ],
    );
  },
});
