import { raw } from '@mikro-orm/core';
import { toInstant } from './instants.ts';

/** A place in an order by an instant and then an id. */
export interface Place {
  /** ms */
  readonly at: number;
  readonly id: string;
}

/**
 * The condition of rows that lie beyond `place` (all, where it is null) in the order of two columns. It compares whole
 * rows, so an index in that order finds the place; written with OR, it would not.
 */
export const beyond = (columns: `${string}, ${string}`, direction: 'after' | 'before', place: Place | null) => {
  if (place === null) return {};
  const operator = direction === 'after' ? '>' : '<';
  return { [raw(`(${columns}) ${operator} (?, ?)`, [toInstant(place.at), place.id])]: [] };
};
