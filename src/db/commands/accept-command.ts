import { createHash, randomUUID } from 'node:crypto';
import { type Command, isControl, type Letter, MAILBOX_LIMIT } from '../../domain/command.ts';
import { Refused } from '../../domain/errors.ts';
import { CommandId, type InstanceId, type JobId } from '../../domain/ids.ts';
import { ACTIVE_STATUSES, type JobConfig, NO_PROGRESS } from '../../domain/job.ts';
import type { SlotClaim } from '../../domain/schedule.ts';
import type { Sql } from '../connection/sql.ts';
import { cleanJson } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';
import { noInstance } from '../values/refusals.ts';
import { claimSlot } from './claim-slot.ts';

/** How long a client should wait for a full mailbox, ms: commands take milliseconds once their turn comes. */
const FULL_RETRY_AFTER_MS = 5_000;

/** Two jobs of one type may run at once if they were asked for different conversations. */
const scopeKeyOf = ({ channelId, conversationIds }: JobConfig): string => {
  if (channelId !== null) return `channel:${channelId}`;
  if (conversationIds === null) return 'all';
  return `conversations:${createHash('sha256')
    .update([...conversationIds].sort().join())
    .digest('hex')}`;
};

/*
 * Takes the next number of a mailbox that has room, and with it the lock under which commands are numbered; it lets the
 * steps' own locks be. Without a limit ($4) there is always room.
 */
const NUMBER_AND_WRITE = `
  WITH place AS (
    UPDATE omni_instances SET next_seq = next_seq + 1
    WHERE id = $1 AND removing_at IS NULL AND ($4::float8 IS NULL OR next_seq - 1 - last_seq < $4)
    RETURNING next_seq - 1 AS seq
  )
  INSERT INTO commands (id, instance_id, seq, command, accepted_at)
  SELECT $2, $1, seq, $3::jsonb, $5 FROM place
  RETURNING seq::float8 AS seq`;

/** Why there was no place for a command. */
const refusal = async (sql: Sql, instanceId: InstanceId): Promise<Refused> => {
  const [mailbox] = await sql.rows<{ open: number }>(
    'SELECT (next_seq - 1 - last_seq)::float8 AS open FROM omni_instances WHERE id = $1 AND removing_at IS NULL',
    [instanceId],
  );
  return mailbox === undefined ? noInstance(instanceId) : mailboxFull(mailbox.open);
};

const mailboxFull = (open: number): Refused =>
  new Refused({
    status: 429,
    code: 'mailbox_full',
    message: `${open} commands of this instance are still waiting; try again when it has worked some off`,
    details: { open, limit: MAILBOX_LIMIT },
    retryAfterMs: FULL_RETRY_AFTER_MS,
  });

/** The mailbox lock keeps a second request away between the look and the insert; the unique index is the last guard. */
const createJob = async (
  sql: Sql,
  instanceId: InstanceId,
  jobId: JobId,
  config: JobConfig,
  at: number,
): Promise<void> => {
  const scope = scopeKeyOf(config);
  const [active] = await sql.rows<{ id: JobId }>(
    'SELECT id FROM sync_jobs WHERE instance_id = $1 AND type = $2 AND scope = $3 AND status = ANY($4::text[])',
    [instanceId, config.type, scope, ACTIVE_STATUSES],
  );
  if (active !== undefined) {
    throw new Refused({
      status: 409,
      code: 'sync_active',
      message: `Sync ${active.id} already works on this; wait for it, or cancel it first`,
      details: { jobId: active.id },
    });
  }
  await sql.run(
    `INSERT INTO sync_jobs (id, instance_id, type, status, scope, config, progress, created_at)
     VALUES ($1, $2, $3, 'pending', $4, $5::jsonb, $6::jsonb, $7)`,
    [jobId, instanceId, config.type, scope, cleanJson(config), cleanJson(NO_PROGRESS), toInstant(at)],
  );
};

/**
 * Numbers and writes a command, and the job it starts, in the caller's transaction; with `claim` also that the job is
 * what comes of a slot. Throws `Refused`. With `isOwn` it is one that an instance asks of itself, once in a while, and
 * finds room also in a full mailbox. What starts no job is a single statement, which needs no transaction. Raw SQL: it
 * is on the way of every command, and its lock is the one that lets foreign keys be checked meanwhile.
 */
export const acceptCommand = async (
  sql: Sql,
  instanceId: InstanceId,
  command: Command,
  at: number,
  { claim, isOwn = false }: { readonly claim?: SlotClaim | undefined; readonly isOwn?: boolean } = {},
): Promise<Letter> => {
  if (claim !== undefined && command.type === 'startSync') await claimSlot(sql, instanceId, claim, command.jobId, at);
  const commandId = CommandId.make(randomUUID());
  const limit = isOwn || isControl(command) ? null : MAILBOX_LIMIT;
  const [place] = await sql.rows<{ seq: number }>(NUMBER_AND_WRITE, [
    instanceId,
    commandId,
    cleanJson(command),
    limit,
    toInstant(at),
  ]);
  if (place === undefined) throw await refusal(sql, instanceId);
  if (command.type === 'startSync') await createJob(sql, instanceId, command.jobId, command.config, at);
  return { commandId, instanceId, seq: place.seq, command };
};
