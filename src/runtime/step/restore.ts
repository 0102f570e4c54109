import { Option, Schema } from 'effect';
import { type AnyStateMachine, initialTransition, type SnapshotFrom } from 'xstate';
import type { ActorDefinition } from '../../../machines/actor-definition.ts';
import { instanceActor } from '../../../machines/instance.ts';
import { rateLimitActor } from '../../../machines/rate-limit.ts';
import type { Limits } from '../../../machines/rate-limit-context.ts';
import { type SyncJobSnapshot, syncJobActor } from '../../../machines/sync-job.ts';
import { SnapshotUnusable } from '../../domain/errors.ts';
import type { JobId } from '../../domain/ids.ts';
import type { InstanceActors } from '../instance-actors.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import type { StoredSnapshot } from '../stored-snapshot.ts';

/** The actors of an instance, and the jobs of which no actor could be made, with the reason. */
export interface Restored {
  readonly actors: InstanceActors;
  readonly lostJobs: ReadonlyMap<JobId, string>;
}

/**
 * Rows back to actors. XState takes whatever it is given, an unknown state or a counter that is NaN included,
 * so each snapshot is checked first: the machine's name, its version, its context, its state. An unusable job is
 * lost alone; without supervisor or limiter there is no instance.
 *
 * @throws SnapshotUnusable
 */
export const restoreActors = (rows: Pick<StoredInstance, 'actors' | 'jobs'>, limits: Limits): Restored => {
  const supervisor = rows.actors.get(instanceActor.id);
  const limiter = rows.actors.get(rateLimitActor.id);
  const [newSupervisor] = initialTransition(instanceActor.machine);
  const [newLimiter] = initialTransition(rateLimitActor.machine, { limits });
  const jobs = new Map<JobId, SyncJobSnapshot>();
  const lostJobs = new Map<JobId, string>();
  for (const { jobId, snapshot } of rows.jobs) {
    // A job without a snapshot is begun by its command, which is still open.
    if (snapshot === null) continue;
    try {
      jobs.set(jobId, restoreActor(syncJobActor, jobId, snapshot));
    } catch (error) {
      if (!(error instanceof SnapshotUnusable)) throw error;
      lostJobs.set(jobId, error.message);
    }
  }
  return {
    actors: {
      supervisor: supervisor === undefined ? newSupervisor : restoreActor(instanceActor, 'instance', supervisor),
      limiter: limiter === undefined ? newLimiter : restoreActor(rateLimitActor, 'rate-limit', limiter),
      jobs,
    },
    lostJobs,
  };
};

const restoreActor = <Machine extends AnyStateMachine>(
  definition: ActorDefinition<Machine>,
  actor: string,
  stored: StoredSnapshot,
): SnapshotFrom<Machine> => {
  const refuse = (message: string) => new SnapshotUnusable({ actor, message });
  const { id, version, machine } = definition;
  if (stored.machine !== id) throw refuse(`It belongs to the machine "${stored.machine}", not to "${id}".`);
  if (stored.version > version) {
    throw refuse(`Version ${stored.version} of "${id}" was written by a newer build; this one knows up to ${version}.`);
  }
  const context = contextOf(definition, stored);
  if (context === null) throw refuse(`Its context does not fit version ${version} of "${id}".`);
  if (typeof stored.value !== 'string' || !Object.hasOwn(machine.states, stored.value)) {
    throw refuse(`"${id}" has no state ${JSON.stringify(stored.value)}.`);
  }
  return machine.resolveState({ value: stored.value, context }) as SnapshotFrom<Machine>;
};

const contextOf = (definition: ActorDefinition, stored: StoredSnapshot): object | null => {
  const { migrate, version } = definition;
  const isOlder = stored.version < version;
  const isObject = typeof stored.context === 'object' && stored.context !== null;
  if (isOlder && (migrate === undefined || !isObject)) return null;
  const raw = isOlder ? migrate?.(stored.context, stored.version) : stored.context;
  return Option.getOrNull(Schema.decodeUnknownOption(definition.context)(raw)) as object | null;
};
