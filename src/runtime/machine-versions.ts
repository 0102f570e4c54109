import { instanceActor } from '../../machines/instance.ts';
import { rateLimitActor } from '../../machines/rate-limit.ts';
import { syncJobActor } from '../../machines/sync-job.ts';

/** Machines by id, each with the newest version of its snapshots that a build can take up. */
export type MachineVersions = ReadonlyMap<string, number>;

/** What this build knows. */
export const KNOWN_MACHINES: MachineVersions = new Map(
  [instanceActor, rateLimitActor, syncJobActor].map(({ id, version }) => [id, version]),
);
