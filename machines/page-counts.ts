/** What a page did to the database. fetched = stored + duplicates + updated + malformed. */
export interface PageCounts {
  readonly fetched: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly updated: number;
  readonly malformed: number;
}

export const NO_COUNTS: PageCounts = { fetched: 0, stored: 0, duplicates: 0, updated: 0, malformed: 0 };

export const plus = (one: PageCounts, other: PageCounts): PageCounts => ({
  fetched: one.fetched + other.fetched,
  stored: one.stored + other.stored,
  duplicates: one.duplicates + other.duplicates,
  updated: one.updated + other.updated,
  malformed: one.malformed + other.malformed,
});
