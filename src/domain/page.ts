/** A request for one page of a list. The cursor is what the last page gave, opaque, stable under inserts. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}

export interface PageOf<A> {
  readonly items: readonly A[];
  /** Null when there is no more. */
  readonly cursor: string | null;
}
