import { Result, Schema } from 'effect';
import { SyncDepth, sinceOf } from '../domain/depth.ts';
import { Refused } from '../domain/errors.ts';
import { ConversationId, ExternalId } from '../domain/ids.ts';
import { parseInstant } from '../domain/instant.ts';
import { type JobConfig, JobType, wholeConfigOf } from '../domain/job.ts';

const instant = Schema.String.annotate({ description: 'An instant in ISO 8601, such as 2026-01-31T12:00:00Z.' });

/** The body of `POST /instances/:id/sync`. */
export const SyncRequest = Schema.Struct({
  type: JobType.annotate({ description: 'What to sync. `all`: contacts, then groups, then messages.' }),
  depth: Schema.optionalKey(
    SyncDepth.annotate({
      description:
        'How far back from now messages are read. Default: the setting sync.defaultDepth. Contacts and groups are always synced whole.',
    }),
  ),
  since: Schema.optionalKey(instant),
  until: Schema.optionalKey(instant),
  channelId: Schema.optionalKey(
    ExternalId.annotate({ description: "One channel (and its threads), by the platform's id." }),
  ),
  conversationIds: Schema.optionalKey(
    Schema.Array(ConversationId).check(Schema.isMinLength(1), Schema.isMaxLength(1000)),
  ),
  refresh: Schema.optionalKey(
    Schema.Boolean.annotate({ description: 'Read again what is held, for edits made while away.' }),
  ),
});
export type SyncRequest = typeof SyncRequest.Type;

const refuse = (field: string, message: string) =>
  new Refused({ status: 400, code: 'invalid_request', message: `${field}: ${message}`, details: { field } });

const instantOf = (field: string, text: string): Result.Result<number, Refused> => {
  const ms = parseInstant(text);
  return ms === null
    ? Result.fail(refuse(field, `"${text.slice(0, 40)}" is no instant; write it like 2026-01-31T12:00:00Z`))
    : Result.succeed(ms);
};

/** Fields that narrow messages. A depth may come along with whatever is synced. */
const OF_MESSAGES = ['since', 'until', 'channelId', 'conversationIds', 'refresh'] as const;

/** What is younger than this may still be on its way, whatever our clock says. */
const SETTLED_MS = 60_000;

/** Fills in every default, so that what the job does is fixed the moment it is accepted. `now` in ms. */
export const configOf = (
  request: SyncRequest,
  defaultDepth: SyncDepth,
  now: number,
): Result.Result<JobConfig, Refused> =>
  Result.gen(function* () {
    if (request.depth !== undefined && request.since !== undefined) {
      return yield* Result.fail(refuse('depth', 'give either depth or since, not both'));
    }
    if (request.channelId !== undefined && request.conversationIds !== undefined) {
      return yield* Result.fail(refuse('channelId', 'give either channelId or conversationIds, not both'));
    }
    const { type } = request;
    if (type === 'contacts' || type === 'groups') {
      const misplaced = OF_MESSAGES.find((field) => request[field] !== undefined);
      if (misplaced === undefined) return wholeConfigOf(type);
      const message = `says nothing for a sync of ${type}, which is always of all there are; leave it out`;
      return yield* Result.fail(refuse(misplaced, message));
    }
    const depth = request.since === undefined ? (request.depth ?? defaultDepth) : null;
    const until = request.until === undefined ? null : yield* instantOf('until', request.until);
    const since =
      request.since === undefined ? sinceOf(depth ?? defaultDepth, now) : yield* instantOf('since', request.since);
    if (since > now) return yield* Result.fail(refuse('since', 'lies in the future'));
    if (until !== null && until < since) return yield* Result.fail(refuse('until', 'lies before since'));
    return {
      type,
      depth,
      since: Math.max(0, since),
      // A bound that is not yet past says nothing about what may still arrive: it means "up to now".
      until: until !== null && until >= now - SETTLED_MS ? null : until,
      channelId: request.channelId ?? null,
      conversationIds: request.conversationIds ? [...new Set(request.conversationIds)].sort() : null,
      refresh: request.refresh ?? false,
    };
  });
