import { Data } from 'effect';

/**
 * One variable that cannot be used: what is wrong with it, and what would be right. Never its value if it is secret.
 */
export interface ConfigProblem {
  readonly variable: string;
  readonly message: string;
}

/** The environment is refused; every problem at once, so that it takes one try to mend them. */
export class ConfigRefused extends Data.TaggedError('ConfigRefused')<{ readonly problems: readonly ConfigProblem[] }> {
  override get message(): string {
    const lines = this.problems.map(({ variable, message }) => `  ${variable} ${message}`);
    return ['The environment cannot be used:', ...lines].join('\n');
  }
}
