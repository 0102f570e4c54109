import type { Letter } from '../../domain/command.ts';
import type { CommandId } from '../../domain/ids.ts';

/**
 * Which commands of an instance may have begun before, for as long as its process lives. One that certainly has not
 * begins without a word to the database. Should it kill the process, or fail, then it begins again, and that is counted
 * (`beginAgain`), its first time included. So the usual command costs no commit for it, and one that kills is a dead
 * letter all the same.
 */
export class BegunCommands {
  /** Those up to this number may have begun. */
  #upTo = 0;
  #isInherited: boolean;
  /** Their last attempt ended with the database, which is never the command's fault: the next one is not counted. */
  readonly #spared = new Set<CommandId>();

  /** `isInherited`: somebody may have owned the instance before, and have died of a command that was still open. */
  constructor(isInherited: boolean) {
    this.#isInherited = isInherited;
  }

  /** The instance was read from its rows. Of the open commands a former owner can have begun the first one only. */
  restored(lastSeq: number): void {
    this.#upTo = Math.max(this.#upTo, this.#isInherited ? lastSeq + 1 : lastSeq);
    this.#isInherited = false;
  }

  /** Says that a command begins, and tells whether that has to be counted first. */
  mustCount({ commandId, seq }: Letter): boolean {
    if (this.#spared.delete(commandId)) return false;
    const mayHaveBegun = seq <= this.#upTo;
    this.#upTo = Math.max(this.#upTo, seq);
    return mayHaveBegun;
  }

  spare({ commandId }: Letter): void {
    this.#spared.add(commandId);
  }
}
