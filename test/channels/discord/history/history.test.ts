import { Effect, Fiber } from 'effect';
import { afterEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from '../../../simulators/discord/discord-simulator.ts';
import type { MessageDefect } from '../../../simulators/discord/faults/fault.ts';
import { startDiscordSimulator } from '../../../simulators/discord/simulator.ts';
import {
  failureOf,
  historyOf,
  listing,
  type OpenedConnection,
  type Opening,
  openConnection,
} from '../opened-connection.ts';

let simulator: DiscordSimulator;
let connection: OpenedConnection;

const connect = async (options: SimulatorOptions = {}, opening: Partial<Opening> = {}): Promise<void> => {
  simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off', ...options });
  connection = await openConnection({ apiUrl: simulator.apiUrl, token: simulator.token, ...opening });
  await connection.reported('connectionOpened');
};

afterEach(async () => {
  await connection.close();
  await simulator.close();
});

const MESSAGES = '/channels/:channelId/messages';
const general = (): string => simulator.world.channelNamed('general').id;
const newest = (limit = 100) => connection.history.read({ externalId: general(), before: null, limit });
const page = (limit = 100) => Effect.runPromise(newest(limit));

describe('the history', () => {
  it('is what the platform holds, message for message', async () => {
    await connect();
    const { conversations } = await listing(connection);
    const read = new Map<string, unknown>();
    for (const conversation of conversations.values()) {
      if (conversation.unreadable !== null || !conversation.holdsMessages) continue;
      for (const { externalId, timestamp, editedAt } of await historyOf(connection, conversation.externalId)) {
        read.set(externalId, { channelId: conversation.externalId, timestamp, editedAt });
      }
    }
    const truth = [...simulator.groundTruth()];
    const expected = truth.map(
      ({ messageId, channelId, timestamp, editedTimestamp }) =>
        [messageId, { channelId, timestamp, editedAt: editedTimestamp }] as const,
    );
    expect(read).toEqual(new Map(expected));
    expect(simulator.requests.byStatus).toEqual(new Map([[200, simulator.requests.total]]));
  });

  it('comes newest first, and ends where it began', async () => {
    await connect();
    const messages = await historyOf(connection, general(), 50);
    const ids = messages.map(({ externalId }) => BigInt(externalId));
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? 1 : -1)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('can be read from an instant', async () => {
    await connect();
    const all = await historyOf(connection, general());
    const at = all[120]?.timestamp ?? 0;
    const older = await Effect.runPromise(
      connection.history.read({ externalId: general(), before: { at, id: null }, limit: 10 }),
    );
    const expected = all.filter(({ timestamp }) => timestamp < at).slice(0, 10);
    expect(older.messages.map(({ externalId }) => externalId)).toEqual(expected.map(({ externalId }) => externalId));
  });

  it('knows that nothing is older than Discord, and asks nobody', async () => {
    await connect();
    const before = { at: Date.UTC(2014, 0, 1), id: null };
    const asked = simulator.requests.total;
    const older = await Effect.runPromise(connection.history.read({ externalId: general(), before, limit: 100 }));
    expect(older).toMatchObject({ messages: [], atStart: true });
    expect(simulator.requests.total).toBe(asked);
  });

  it('says when each request left and what is left of the bucket', async () => {
    await connect({ rateLimits: { messages: { requests: 5, perMs: 5_000 } } });
    const before = Date.now();
    const { requestedAt, quota } = await page();
    expect(requestedAt).toBeGreaterThanOrEqual(before);
    expect(requestedAt).toBeLessThanOrEqual(Date.now());
    expect(quota?.remaining).toBe(4);
    expect(quota?.resetAt).toBeGreaterThan(before);
  });

  it.each<MessageDefect>(['noId', 'numericId', 'nullEntry'])(
    'tells of a malformed entry (%s) and keeps the rest',
    async (defect) => {
      await connect();
      simulator.faults.add({ kind: 'malformedMessage', defect }, { route: MESSAGES });
      const { messages, malformed, atStart } = await page();
      expect(messages).toHaveLength(99);
      expect(malformed).toHaveLength(1);
      expect(atStart).toBe(false);
    },
  );

  it.each<MessageDefect>(['noTimestamp', 'badTimestamp'])(
    'takes the time of a message without one (%s) from its id',
    async (defect) => {
      await connect();
      const { messages: whole } = await page();
      simulator.faults.add({ kind: 'malformedMessage', defect }, { route: MESSAGES });
      const { messages, malformed } = await page();
      expect(malformed).toEqual([]);
      expect(messages.map(({ timestamp }) => timestamp)).toEqual(whole.map(({ timestamp }) => timestamp));
    },
  );
});

describe('a request that fails', () => {
  const faulty = async (fault: Parameters<DiscordSimulator['faults']['add']>[0], opening: Partial<Opening> = {}) => {
    await connect({}, opening);
    simulator.faults.add(fault, { route: MESSAGES });
    return failureOf(newest());
  };

  it.each([403, 404])('with %i means that access is denied, in the words of Discord', async (status) => {
    const failure = await faulty({ kind: 'status', status, message: 'Missing Access', code: 50001 });
    expect(failure).toMatchObject({
      _tag: 'AccessDenied',
      message: `Discord answered ${status}: Missing Access (50001)`,
    });
  });

  it.each([400, 500, 503])('with %i is a bad answer, kept raw', async (status) => {
    const failure = await faulty({ kind: 'status', status });
    expect(failure).toMatchObject({ _tag: 'BadAnswer', raw: expect.stringContaining('Server Error') });
  });

  it.each([502, 403])('with an error page (%i) is a bad answer, kept raw', async (status) => {
    const failure = await faulty({ kind: 'html', status });
    expect(failure).toMatchObject({ _tag: 'BadAnswer', raw: expect.stringContaining('<') });
  });

  it.each([{ kind: 'cutBody' }, { kind: 'notJson' }, { kind: 'wrongShape' }] as const)(
    'by $kind is a bad answer, kept raw',
    async (fault) => {
      const failure = await faulty(fault);
      expect(failure._tag).toBe('BadAnswer');
      expect(failure._tag === 'BadAnswer' && failure.raw?.length).toBeGreaterThan(10);
      expect(failure._tag === 'BadAnswer' && failure.raw?.length).toBeLessThanOrEqual(2_000);
    },
  );

  it('because nobody answers in time is a bad answer', async () => {
    const failure = await faulty({ kind: 'slow' }, { requestTimeoutMs: 100 });
    expect(failure).toMatchObject({ _tag: 'BadAnswer', raw: null });
  });

  it('by a reset before a status line found nobody', async () => {
    expect((await faulty({ kind: 'reset' }))._tag).toBe('Unreachable');
  });

  it('because nobody is there found nobody', async () => {
    await connect();
    await simulator.close();
    expect((await failureOf(newest()))._tag).toBe('Unreachable');
  });

  it('is made once, and never by itself again', async () => {
    await faulty({ kind: 'status', status: 500 });
    expect(simulator.requests.byRoute.get(MESSAGES)).toBe(1);
  });

  it('does not stand in the way of the next', async () => {
    await faulty({ kind: 'cutBody' });
    expect((await page()).messages).toHaveLength(100);
  });

  it('never shows the token', async () => {
    const failure = await faulty({ kind: 'status', status: 500, message: 'x' });
    expect(JSON.stringify(failure)).not.toContain(simulator.token);
  });
});

describe('a limited request', () => {
  it.each([
    ['user', 'conversation'],
    ['shared', 'conversation'],
    ['global', 'instance'],
  ] as const)('of scope %s rests the %s for the time that was named', async (scope, rests) => {
    await connect({ rateLimits: {} });
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: 2_300, scope }, { route: MESSAGES });
    const failure = await failureOf(newest());
    // The header says whole seconds, rounded up; the larger of the two counts.
    expect(failure).toMatchObject({ _tag: 'RateLimited', scope: rests, retryAfterMs: 3_000 });
  });

  it.each(['header', 'body'] as const)('may name its time in the %s only', async (namedIn) => {
    await connect();
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: 2_000, namedIn }, { route: MESSAGES });
    expect(await failureOf(newest())).toMatchObject({ _tag: 'RateLimited', retryAfterMs: 2_000 });
  });

  it('may name no time', async () => {
    await connect();
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: null }, { route: MESSAGES });
    expect(await failureOf(newest())).toMatchObject({ _tag: 'RateLimited', retryAfterMs: null });
  });

  it('is kept back while the bucket is known to be empty, and the platform is not asked', async () => {
    await connect({ rateLimits: { messages: { requests: 2, perMs: 60_000 } } });
    await page();
    const { quota } = await page();
    expect(quota?.remaining).toBe(0);
    const failure = await failureOf(newest());
    expect(failure).toMatchObject({ _tag: 'RateLimited', scope: 'conversation' });
    expect(failure._tag === 'RateLimited' && failure.retryAfterMs).toBeGreaterThan(50_000);
    expect(failure._tag === 'RateLimited' && failure.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(simulator.requests.byRoute.get(MESSAGES)).toBe(2);
    expect(simulator.requests.byStatus.get(429)).toBeUndefined();
  });
});

describe('an interrupted request', () => {
  it('is aborted at once', async () => {
    await connect();
    const slow = simulator.faults.add({ kind: 'slow' }, { route: MESSAGES });
    const fiber = Effect.runFork(newest());
    await slow.struck();
    await Effect.runPromise(Fiber.interrupt(fiber));
    expect((await page()).messages).toHaveLength(100);
  });

  it('does not outlive its connection', async () => {
    await connect();
    await connection.close();
    expect(await failureOf(newest())).toMatchObject({ _tag: 'Unreachable', message: 'The connection is closed.' });
  });
});
