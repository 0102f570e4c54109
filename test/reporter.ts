import type { Reporter, TestModule } from 'vitest/node';

/**
 * What a run came to. Failures that belong to no test (a file that does not load, a stray rejection) count as failed.
 */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The plain line that closes a run: `N passed, N failed`, and the skipped only where there are any. */
const closingLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;

const tallyOf = (modules: readonly TestModule[], strayErrors: number): Tally => {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const count = (state: 'passed' | 'failed' | 'skipped') =>
    tests.filter((test) => test.result().state === state).length;
  const brokenModules = modules.filter(
    (module) => module.state() === 'failed' && ![...module.children.allTests('failed')].length,
  ).length;
  return { passed: count('passed'), failed: count('failed') + brokenModules + strayErrors, skipped: count('skipped') };
};

/** Prints the closing line as the very last output of the process, after every teardown. */
export default class ClosingLine implements Reporter {
  #tally: Tally = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    process.once('exit', (code) => {
      // A run can also fail outside of tests: in the global setup, in a teardown, by finding no test.
      const failed = code === 0 ? this.#tally.failed : Math.max(1, this.#tally.failed);
      process.stdout.write(`\n${closingLine({ ...this.#tally, failed })}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly unknown[]): void {
    this.#tally = tallyOf(modules, strayErrors.length);
  }
}
