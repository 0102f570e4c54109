/** What became of a run, in one line, and everything that is wrong with it. */
export interface Report {
  readonly line: string;
  readonly problems: readonly string[];
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
