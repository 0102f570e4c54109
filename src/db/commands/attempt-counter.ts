import { Effect, Exit, Request, RequestResolver } from 'effect';
import { type Contention, Fenced, type StoreUnavailable } from '../../domain/errors.ts';
import type { CommandId } from '../../domain/ids.ts';
import type { Fence } from '../../runtime/fence.ts';
import type { RuntimeStore } from '../../runtime/store.ts';
import { attempt } from '../connection/query-failure.ts';
import type { Connection } from '../connection/sql.ts';

class BeginAgain extends Request.TaggedClass('BeginAgain')<
  { readonly fence: Fence; readonly commandId: CommandId },
  number,
  Fenced | Contention | StoreUnavailable
> {}

type Entry = Request.Entry<BeginAgain>;

interface Counted {
  readonly id: CommandId;
  /** Null: its epoch is over, and nothing was counted. */
  readonly attempts: number | null;
}

/*
 * The fence is read and not held: of two owners in a row the former counts an attempt too many at worst. A command that
 * is not there has no row in the answer; one whose epoch is over has, since its owner must know the one from the other.
 */
const COUNT = `
  WITH begun AS (
    SELECT id, (partitions.partition IS NOT NULL) AS is_owned
    FROM unnest($1::uuid[], $2::int[], $3::bigint[]) AS begun (id, partition, epoch)
    LEFT JOIN partitions ON partitions.partition = begun.partition AND partitions.epoch = begun.epoch
  ), counted AS (
    UPDATE commands SET attempts = greatest(attempts, 1) + 1 FROM begun
    WHERE commands.id = begun.id AND is_owned
    RETURNING commands.id, attempts
  )
  SELECT begun.id, counted.attempts FROM begun LEFT JOIN counted USING (id)
  WHERE counted.id IS NOT NULL OR NOT is_owned`;

const exitOf = ({ request: { fence, commandId } }: Entry, counted: Counted | undefined): Exit.Exit<number, Fenced> => {
  if (counted === undefined) return Exit.die(new Error(`There is no command ${commandId}`));
  return counted.attempts === null ? Exit.fail(new Fenced({ ...fence })) : Exit.succeed(counted.attempts);
};

/**
 * Counts that commands begin again, in a commit of its own and before they are decided, so that one that kills the process
 * counts too. What the instances of this node ask at the same time is one statement: the commit is most of what it costs.
 */
export const attemptCounter = (connection: Connection): RuntimeStore<never>['beginAgain'] => {
  const count = (entries: readonly Entry[]) =>
    attempt(() =>
      connection.single((sql) =>
        sql.rows<Counted>(COUNT, [
          entries.map(({ request }) => request.commandId),
          entries.map(({ request }) => request.fence.partition),
          entries.map(({ request }) => request.fence.epoch),
        ]),
      ),
    );
  const resolver = RequestResolver.make<BeginAgain>((entries) =>
    Effect.map(count(entries), (rows) => {
      const byId = new Map(rows.map((row) => [row.id, row]));
      for (const entry of entries) entry.completeUnsafe(exitOf(entry, byId.get(entry.request.commandId)));
    }),
  );
  return (fence, commandId) => Effect.uninterruptible(Effect.request(new BeginAgain({ fence, commandId }), resolver));
};
