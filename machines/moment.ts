/**
 * What every event carries besides its own data. Machines are pure, so the time, the chance and the fresh ids
 * they need come to them as data, and a test can hand them any it likes.
 */
export interface Moment {
  /** ms since the epoch, database time */
  readonly at: number;
  /** in [0, 1) */
  readonly random: number;
  /** an id that nobody has used before */
  readonly fresh: string;
}
