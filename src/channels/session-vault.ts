import type { Effect } from 'effect';
import type { Contention, Fenced, StoreUnavailable } from '../domain/errors.ts';

/** Why the vault could not be used. The connection has to end then: what it holds in memory may be stale. */
export type VaultFailure = Fenced | Contention | StoreUnavailable;

/**
 * The secrets of one instance's session with its platform, and what the platform pushed and nobody has worked off yet:
 * sealed at rest, written behind the fence of the node that owns the instance.
 */
export interface SessionVault {
  /** The values held under these names of one kind; what is not held is left out. */
  readonly read: (
    kind: string,
    names: readonly string[],
  ) => Effect.Effect<ReadonlyMap<string, string>, StoreUnavailable>;
  /** Everything that is held of one kind. */
  readonly readAll: (kind: string) => Effect.Effect<ReadonlyMap<string, string>, StoreUnavailable>;
  /** All of it or nothing, in one transaction; durable once it succeeds. */
  readonly write: (change: VaultChange) => Effect.Effect<void, VaultFailure>;
}

export interface VaultChange {
  readonly secrets: readonly VaultEntry[];
  /** Kept in this order; one whose name is kept already is dropped. */
  readonly pushed: readonly NewPush[];
}

export interface VaultEntry {
  readonly kind: string;
  readonly name: string;
  /** Null: forget it. */
  readonly value: string | null;
}

/** Something that the platform gives once and never again, as it came. */
export interface NewPush {
  /** The platform's own id of it. */
  readonly name: string;
  readonly body: string;
}

/** One that waits to be worked off. */
export interface KeptPush extends NewPush {
  readonly id: number;
}
