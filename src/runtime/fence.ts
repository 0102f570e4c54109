/** How many partitions instances are spread over. Fixed for the life of a database. */
export const PARTITIONS = 64;

export const ALL_PARTITIONS: readonly number[] = Array.from({ length: PARTITIONS }, (_, partition) => partition);

/**
 * The right to commit for a partition: only the current epoch may write. Every step's transaction starts by
 * checking it, and the check blocks a takeover until the commit.
 */
export interface Fence {
  readonly partition: number;
  readonly epoch: number;
}
