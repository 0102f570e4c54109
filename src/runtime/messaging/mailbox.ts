import type { Effect, Scope } from 'effect';
import type { Letter } from '../../domain/command.ts';
import type { Fence } from '../fence.ts';

/**
 * Carries committed commands to the node that owns their partition. The `commands` table is the truth and the
 * mailbox only carries: it may lose a letter (the sweeper finds it), bring it twice (its `seq` tells), or late.
 * Every driver passes `test/contract/mailbox-contract.ts`.
 */
export interface Mailbox {
  /** Hands a letter over for carrying. Never fails and never waits for the receiver: what is lost is swept up. */
  readonly publish: (letter: Letter, partition: number) => Effect.Effect<void>;
  /**
   * Receives the letters of a partition until the scope closes. `deliver` must not block. A receiver of a higher
   * epoch replaces the one before; one of a lower epoch receives nothing.
   */
  readonly receive: (fence: Fence, deliver: (letter: Letter) => void) => Effect.Effect<void, never, Scope.Scope>;
}
