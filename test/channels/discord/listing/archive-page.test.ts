import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARCHIVE_LIMIT, readArchivePage } from '../../../../src/channels/discord/listing/archive-page.ts';

const GUILD = '300000000000000001';
const START_MS = Date.UTC(2026, 0, 1);

interface Archived {
  readonly id: string;
  readonly type: number;
  readonly thread_metadata: { readonly archived: boolean; readonly archive_timestamp: string };
}

/** Threads as Discord holds them: archive times in microseconds, often the same for many. */
const archives = fc
  .array(fc.record({ ms: fc.integer({ min: 0, max: 40 }), micros: fc.integer({ min: 0, max: 2 }) }), { maxLength: 500 })
  .map((times) =>
    times
      .map(({ ms, micros }, at): Archived => {
        const iso = new Date(START_MS + ms).toISOString().replace('Z', `00${micros}+00:00`);
        return {
          id: String(300000000000001000n + BigInt(at)),
          type: 11,
          thread_metadata: { archived: true, archive_timestamp: iso },
        };
      })
      .sort((a, b) => (a.thread_metadata.archive_timestamp < b.thread_metadata.archive_timestamp ? 1 : -1)),
  );

/** In microseconds, as Discord compares. */
const micros = (iso: string): number => Date.parse(iso) * 1_000 + Number(/\.\d{3}(\d{3})/.exec(iso)?.[1] ?? 0);

const serve = (threads: readonly Archived[], before: string | null) => {
  const older = threads.filter(
    (thread) => before === null || micros(thread.thread_metadata.archive_timestamp) < micros(before),
  );
  return { threads: older.slice(0, ARCHIVE_LIMIT), has_more: older.length > ARCHIVE_LIMIT };
};

describe('the archived threads of a channel', () => {
  it('are all found, however many share an instant, unless more than a page share one microsecond', () => {
    fc.assert(
      fc.property(archives, (threads) => {
        const seen = new Set<string>();
        let before: string | null = null;
        let requests = 0;
        do {
          const page = readArchivePage(serve(threads, before), { list: 'public', before, guildId: GUILD, mark: null });
          for (const { id } of page.threads) seen.add(id);
          before = page.before;
          requests += 1;
        } while (before !== null && requests < 100);
        const crowded = new Map<string, number>();
        for (const {
          thread_metadata: { archive_timestamp: at },
        } of threads)
          crowded.set(at, (crowded.get(at) ?? 0) + 1);
        if (Math.max(0, ...crowded.values()) <= ARCHIVE_LIMIT) expect(seen.size).toBe(threads.length);
        expect(requests).toBeLessThan(100);
      }),
    );
  });

  it('are read down to what an earlier listing has seen, that instant included', () => {
    fc.assert(
      fc.property(archives, fc.integer({ min: 0, max: 40 }), (threads, ms) => {
        const mark = START_MS + ms;
        const seen = new Set<string>();
        let before: string | null = null;
        do {
          const page = readArchivePage(serve(threads, before), { list: 'public', before, guildId: GUILD, mark });
          for (const { id } of page.threads) seen.add(id);
          before = page.before;
        } while (before !== null);
        const news = threads.filter((thread) => Date.parse(thread.thread_metadata.archive_timestamp) >= mark);
        expect(news.filter(({ id }) => !seen.has(id))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('of a server that ignores where a page shall start end, and say that they are incomplete', () => {
    const [thread] =
      fc.sample(
        archives.filter((threads) => threads.length > 0),
        1,
      )[0] ?? [];
    const stubborn = { threads: Array.from({ length: ARCHIVE_LIMIT }, () => thread), has_more: true };
    let before: string | null = null;
    let stuck = false;
    for (let requests = 0; requests < 5 && !stuck; requests += 1) {
      ({ before, stuck } = readArchivePage(stubborn, { list: 'public', before, guildId: GUILD, mark: null }));
    }
    expect(stuck).toBe(true);
  });

  it('that tell no time cannot be gone on with', () => {
    const answer = { threads: [{ id: '300000000000000002', type: 11 }, 'nonsense'], has_more: true };
    const page = readArchivePage(answer, { list: 'public', before: null, guildId: GUILD, mark: null });
    expect(page).toMatchObject({ broken: 1, before: null, stuck: true, newest: null });
  });
});
