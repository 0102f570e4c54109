import type { Effect } from 'effect';
import type { Command, Letter } from '../../domain/command.ts';
import type { DeadLetterView } from '../../domain/dead-letter.ts';
import type { Refused, StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { PageOf, PageRequest } from '../../domain/page.ts';
import type { SlotClaim } from '../../domain/schedule.ts';

/** Takes commands in. The transaction locks the instance's row, numbers the command, and writes it. */
export interface CommandStore {
  /**
   * Refuses with 404 for an unknown instance and 429 for a full mailbox. `startSync` creates its `sync_jobs`
   * row in the same transaction, and is refused with 409 and the id of the first while a job of the same
   * instance, type and scope is active. With `claim` it also settles an instance's share in a slot of a schedule, and
   * is refused with 409 `slot_taken` when that is settled already.
   */
  readonly submit: (
    instanceId: InstanceId,
    command: Command,
    at: number,
    claim?: SlotClaim,
  ) => Effect.Effect<Letter, Refused | StoreUnavailable>;
  readonly deadLetters: (page: PageRequest) => Effect.Effect<PageOf<DeadLetterView>, Refused | StoreUnavailable>;
  /** Requeue makes a new command of a dead one. */
  readonly requeue: (deadLetterId: string, at: number) => Effect.Effect<Letter, Refused | StoreUnavailable>;
  readonly discard: (deadLetterId: string) => Effect.Effect<void, Refused | StoreUnavailable>;
}
