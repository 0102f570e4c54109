import { toIso } from '../../domain/instant.ts';

export { toIso };

/** PostgreSQL and ISO 8601 agree on four-digit years; a platform's absurd time is brought to the nearest of them. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');
const LATEST_MS = Date.parse('9999-12-31T00:00:00Z');

/** Whole milliseconds that PostgreSQL and ISO 8601 can both say. */
export const withinCalendar = (ms: number): number => Math.trunc(Math.min(LATEST_MS, Math.max(EARLIEST_MS, ms)));

/** Milliseconds since the epoch, as a `timestamptz` parameter. */
export const toInstant = (ms: number): string => new Date(withinCalendar(ms)).toISOString();

export const toInstantOrNull = (ms: number | null): string | null => (ms === null ? null : toInstant(ms));

/** An SQL expression that reads a `timestamptz` as milliseconds since the epoch. */
export const msOf = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

export const toIsoOrNull = (ms: number | null): string | null => (ms === null ? null : toIso(ms));
