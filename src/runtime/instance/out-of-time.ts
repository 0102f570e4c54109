import { StoreUnavailable } from '../../domain/errors.ts';
import type { StepInput } from '../step/step.ts';

/** Times in a row that a step may run out of time before its input is to blame, and no slow database any more. */
const MOST_TIMES = 2;

/** The same thing that is tried again, whether or not it is the same object. */
const nameOf = (input: StepInput): string => {
  if ('letter' in input) return `command ${input.letter.commandId}`;
  if (input.kind === 'mail') return 'mail';
  const { report } = input;
  if ('pushId' in report) return `push ${report.pushId}`;
  if ('jobId' in report) return `${report.type} of ${report.jobId}`;
  return report.type === 'connection' ? report.report.type : report.type;
};

/**
 * Steps that took longer than the database lets a statement take. Now and then that is the database's fault; of an
 * input whose step always does, it is the input's. Kept for as long as the process of an instance lives.
 */
export class OutOfTime {
  readonly #inARow = new Map<string, number>();

  /** Its step has committed. */
  committed(input: StepInput): void {
    if (this.#inARow.size > 0) this.#inARow.delete(nameOf(input));
  }

  /** Its step has failed. Tells whether that is the fault of the input. */
  blames(input: StepInput, failure: unknown): boolean {
    if (!(failure instanceof StoreUnavailable) || failure.ranOutOfTime !== true) return false;
    const name = nameOf(input);
    const times = (this.#inARow.get(name) ?? 0) + 1;
    this.#inARow.set(name, times);
    return times > MOST_TIMES;
  }
}
