import { setTimeout } from 'node:timers/promises';

const LOOK_EVERY_MS = 100;

/**
 * Looks again and again until `look` gives something, and resolves with it; a look that throws counts as none.
 * Rejects after `withinMs` with what the last look threw.
 */
export const eventually = async <A>(
  what: string,
  withinMs: number,
  look: () => Promise<A | null | undefined | false>,
): Promise<A> => {
  const deadline = performance.now() + withinMs;
  let last: unknown = 'nothing came';
  do {
    try {
      const seen = await look();
      if (seen !== null && seen !== undefined && seen !== false) return seen;
    } catch (error) {
      last = error;
    }
    await setTimeout(LOOK_EVERY_MS);
  } while (performance.now() < deadline);
  const why = last instanceof Error ? last.message : String(last);
  throw new Error(`Not within ${withinMs} ms: ${what} (${why})`, { cause: last });
};
