import { Cause, Option } from 'effect';
import type { Contention, Fenced, StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type { InstanceActors } from '../instance-actors.ts';
import type { Mail } from '../work.ts';
import type { StepInput } from './step.ts';

/** Why an instance's process came to its end. */
export type Ending = 'idle' | 'fenced' | 'gone' | 'parked';

/** An incarnation is over and the next one begins from the rows: when, and what its actors are told first. */
export interface Restart {
  readonly afterMs: number;
  readonly mail: readonly Mail[];
  /**
   * Whether attempts of a command, or restarts of a job, bound how often this can happen; otherwise the process does.
   */
  readonly isBounded: boolean;
}

/** The database stumbled: not at once again, or a full disk would be asked a thousand times a second. */
export const STUMBLED: Restart = { afterMs: 1_000, mail: [], isBounded: false };
/** Whether it was our own doing, rather than the database's or another node's. */
export const isDefect = (outcome: Ending | Restart): boolean => typeof outcome !== 'string' && outcome !== STUMBLED;
const MOST_BACKOFF_MS = 30_000;

export interface FailedStep {
  readonly instanceId: InstanceId;
  readonly actors: InstanceActors;
  readonly input: StepInput;
  /** How often this input was tried. */
  readonly attempts: number;
  readonly cause: Cause.Cause<Fenced | Contention | StoreUnavailable>;
  /** The database gave it up, as it did before: that is the input's fault by now. */
  readonly isToBlame: boolean;
}

/**
 * What follows a step that did not commit, or of which nobody knows whether it did. A lost fence ends the process;
 * a database that is away is nobody's fault; anything else is a defect of ours on this very input.
 */
export const aftermathOf = (failed: FailedStep, log: Log): Ending | Restart => {
  const { instanceId, actors, input, attempts, cause, isToBlame } = failed;
  const failure = Option.getOrNull(Cause.findErrorOption(cause));
  if (failure?._tag === 'Fenced') {
    log.warn({ instanceId, epoch: failure.epoch }, 'Another node owns this instance now; it stops here.');
    return 'fenced';
  }
  if (failure !== null && !isToBlame) {
    log.warn({ instanceId, error: failure._tag }, 'A step could not be committed; beginning anew from the rows.');
    return STUMBLED;
  }
  log.error(
    { instanceId, input: input.kind, cause: Cause.pretty(cause) },
    'A step failed; beginning anew from the rows.',
  );
  const afterMs = Math.min(MOST_BACKOFF_MS, 100 * 2 ** Math.min(attempts, 10));
  const mail = crashMail(actors, input);
  return { afterMs, mail, isBounded: 'letter' in input || mail.length > 0 };
};

/** A job whose input broke a step goes on under the restart policy. */
const crashMail = (actors: InstanceActors, input: StepInput): readonly Mail[] => {
  const message = 'Storing what the platform brought failed; the log says how.';
  const crashed = (jobId: JobId): readonly Mail[] => [{ to: jobId, event: { type: 'crashed', message } }];
  if (input.kind === 'report' && 'jobId' in input.report) return crashed(input.report.jobId);
  if (input.kind !== 'mail') return [];
  return input.mail.flatMap(({ to }) => (actors.jobs.has(to as JobId) ? crashed(to as JobId) : []));
};
