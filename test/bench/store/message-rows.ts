import { randomUUID } from 'node:crypto';
import type { Message } from '../../../src/domain/message.ts';
import type { BenchStore } from './bench-store.ts';
import { type ConversationPages, pageOf } from './message-pages.ts';

/** The ways of storing that the service's steps are compared with: the same rows into the same table and indexes. */

const COLUMNS =
  'instance_id, conversation_id, source, stored_at, external_id, sender_id, is_from_me, type, text, payload, timestamp, edited_at';

type Row = readonly (string | boolean | null)[];

const instantOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** In the order of COLUMNS. */
const rowOf = (instanceId: string, conversationId: string, message: Message): Row => [
  instanceId,
  conversationId,
  'sync',
  new Date().toISOString(),
  message.externalId,
  message.senderId,
  message.isFromMe,
  message.type,
  message.text,
  JSON.stringify(message.payload),
  instantOf(message.timestamp),
  instantOf(message.editedAt),
];

const rowsOf = (conversations: readonly ConversationPages[]): readonly Row[] => {
  const instanceId = randomUUID();
  return conversations.flatMap((conversation) => {
    const conversationId = randomUUID();
    const messages = conversation.texts.flatMap((_, index) => pageOf(conversation, index).messages);
    return messages.map((message) => rowOf(instanceId, conversationId, message));
  });
};

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A field in COPY's text format. */
const fieldOf = (value: Row[number]): string =>
  value === null ? '\\N' : String(value).replaceAll(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character);

/** One COPY of all rows. Writing them down in COPY's format is not counted. Resolves with messages per second. */
export const storeByCopy = async (store: BenchStore, conversations: readonly ConversationPages[]): Promise<number> => {
  const rows = rowsOf(conversations);
  const text = Buffer.from(rows.map((row) => `${row.map(fieldOf).join('\t')}\n`).join(''));
  const startedAt = performance.now();
  await store.copy(`omni_events (${COLUMNS})`, text);
  return (rows.length * 1000) / (performance.now() - startedAt);
};

const SELECT =
  'SELECT id FROM omni_events WHERE instance_id = $1 AND conversation_id = $2 AND external_id = $3 LIMIT 1';
const INSERT = `INSERT INTO omni_events (${COLUMNS}) VALUES (${Array.from({ length: 12 }, (_, at) => `$${at + 1}`).join()})`;

/** What the specification sketches: look whether the message is there, and insert it if not, one after another. */
export const storeOneByOne = async (
  store: BenchStore,
  conversations: readonly ConversationPages[],
): Promise<number> => {
  const rows = rowsOf(conversations);
  const startedAt = performance.now();
  await store.connection.query(async (sql) => {
    for (const row of rows) {
      const [instanceId, conversationId, , , externalId] = row;
      const held = await sql.rows(SELECT, [instanceId, conversationId, externalId]);
      if (held.length === 0) await sql.run(INSERT, row);
    }
  });
  return (rows.length * 1000) / (performance.now() - startedAt);
};
