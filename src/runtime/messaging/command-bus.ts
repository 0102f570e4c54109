import type { Effect } from 'effect';
import type { Command, Letter } from '../../domain/command.ts';
import type { Refused, StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { SlotClaim } from '../../domain/schedule.ts';

/** The door to the actors: commits a command, then lets the mailbox carry it. Routes and cron know nothing else. */
export interface CommandBus {
  /**
   * Succeeds once the command is committed: from then on it will run, whatever crashes. `claim` as in `CommandStore`.
   */
  readonly submit: (
    instanceId: InstanceId,
    command: Command,
    claim?: SlotClaim,
  ) => Effect.Effect<Letter, Refused | StoreUnavailable>;
  /** Makes a new command of a dead one. */
  readonly requeue: (deadLetterId: string) => Effect.Effect<Letter, Refused | StoreUnavailable>;
}
