export const DAY_MS = 86_400_000;

/** Milliseconds since the epoch in ISO 8601, as the API shows them. */
export const toIso = (ms: number): string => new Date(ms).toISOString();

// Date.parse takes half of English for a date; only what ISO 8601 writes with a day is taken here.
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const WITHOUT_ZONE = /T[\d:.]+$/;

/** Milliseconds of an instant in ISO 8601, UTC unless it says otherwise; null: it is none. */
export const parseInstant = (text: string): number | null => {
  if (!ISO.test(text)) return null;
  const ms = Date.parse(WITHOUT_ZONE.test(text) ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms;
};
