/** What became of a run, in one line, and everything that is wrong with it. */
export interface Report {
  readonly line: string;
  readonly problems: readonly string[];
}

/** One line about some of them; none: none. */
export const some = (what: string, ids: readonly string[]): readonly string[] =>
  ids.length === 0 ? [] : [`${ids.length} messages ${what}, such as ${ids[0]}`];

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
