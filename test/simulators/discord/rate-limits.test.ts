import { afterEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from './discord-simulator.ts';
import { startDiscordSimulator } from './simulator.ts';

let simulator: DiscordSimulator;
let now = Date.UTC(2026, 0, 1);

const start = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startDiscordSimulator({ seed: 7, now: () => now, ...options });
};

const get = async (path: string): Promise<{ status: number; headers: Headers; body: unknown }> => {
  const response = await fetch(`${simulator.apiUrl}/v10${path}`, {
    headers: { authorization: `Bot ${simulator.token}`, 'user-agent': 'DiscordBot (test, 1)' },
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
};

const messagesOf = (name: string): string => `/channels/${simulator.world.channelNamed(name).id}/messages?limit=1`;

afterEach(() => simulator.close());

describe('rate limits', () => {
  it('counts a bucket down in headers, refuses the sixth read in 5 s, and starts anew after the reset', async () => {
    await start();
    for (const remaining of [4, 3, 2, 1, 0]) {
      const { status, headers } = await get(messagesOf('general'));
      expect([status, headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual([
        200,
        '5',
        String(remaining),
      ]);
      now += 500;
    }
    const refused = await get(messagesOf('general'));
    expect(refused).toMatchObject({
      status: 429,
      body: { message: 'You are being rate limited.', retry_after: 2.5, global: false },
    });
    expect(refused.headers.get('retry-after')).toBe('3');
    expect(refused.headers.get('x-ratelimit-scope')).toBe('user');
    expect(refused.headers.get('x-ratelimit-reset-after')).toBe('2.500');
    expect(Number(refused.headers.get('x-ratelimit-reset'))).toBe((now + 2_500) / 1_000);
    now += 2_500;
    expect((await get(messagesOf('general'))).headers.get('x-ratelimit-remaining')).toBe('4');
  });

  it('gives each channel a bucket of its own under one name', async () => {
    await start();
    for (let read = 0; read < 5; read++) await get(messagesOf('general'));
    const other = await get(messagesOf('team-1'));
    const spent = await get(messagesOf('general'));
    expect([other.status, spent.status]).toEqual([200, 429]);
    expect(other.headers.get('x-ratelimit-bucket')).toBe(spent.headers.get('x-ratelimit-bucket'));
  });

  it('limits all requests of a token together', async () => {
    await start({ rateLimits: { global: { requests: 3, perMs: 1_000 }, others: null } });
    for (let request = 0; request < 3; request++) expect((await get('/users/@me')).status).toBe(200);
    const refused = await get('/users/@me');
    expect(refused).toMatchObject({ status: 429, body: { global: true, retry_after: 1 } });
    expect(refused.headers.get('x-ratelimit-global')).toBe('true');
    expect(refused.headers.get('x-ratelimit-scope')).toBe('global');
    expect(simulator.invalidRequests.count).toBe(1);
  });

  it('can be opened, and closed again while it runs', async () => {
    await start({ rateLimits: 'off' });
    for (let read = 0; read < 12; read++) expect((await get(messagesOf('general'))).status).toBe(200);
    expect((await get(messagesOf('general'))).headers.has('x-ratelimit-limit')).toBe(false);
    simulator.limiter.limits = { messages: { requests: 1, perMs: 1_000 }, others: null, global: null };
    expect((await get(messagesOf('general'))).status).toBe(200);
    expect((await get(messagesOf('general'))).status).toBe(429);
  });

  it('counts the most requests of any window', async () => {
    await start({ rateLimits: 'off' });
    for (const pause of [0, 400, 400, 400]) {
      now += pause;
      await get(messagesOf('general'));
    }
    expect([simulator.requests.most('messages', 400), simulator.requests.most('messages', 801)]).toEqual([1, 3]);
    expect(simulator.requests.messagesByChannel.get(simulator.world.channelNamed('general').id)).toBe(4);
  });
});
