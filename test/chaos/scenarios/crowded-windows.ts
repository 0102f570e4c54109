/** Stretches of time in which more was asked than may be. */
export const crowdedWindows = (instants: readonly number[], windowMs: number, limit: number): number => {
  const sorted = instants.toSorted((a, b) => a - b);
  return sorted.filter((at, index) => (sorted[index + limit] ?? Number.POSITIVE_INFINITY) - at < windowMs).length;
};
