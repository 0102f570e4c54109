/** What became of a page: stored + duplicates + updated is what was given. */
export interface StoredCounts {
  readonly stored: number;
  /** Seen again, unchanged. */
  readonly duplicates: number;
  readonly updated: number;
}
