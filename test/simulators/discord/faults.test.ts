import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator } from './discord-simulator.ts';
import type { MessageDefect } from './faults/fault.ts';
import { startDiscordSimulator } from './simulator.ts';

let simulator: DiscordSimulator;
let now = Date.UTC(2026, 0, 1);
let path: string;
let channelId: string;

const MESSAGES = '/channels/:channelId/messages';

const get = (url: string = path): Promise<Response> =>
  fetch(`${simulator.apiUrl}/v10${url}`, {
    headers: { authorization: `Bot ${simulator.token}`, 'user-agent': 'DiscordBot (test, 1)' },
  });

const statusOf = async (url?: string): Promise<number> => {
  const response = await get(url);
  await response.text();
  return response.status;
};

beforeEach(async () => {
  simulator = await startDiscordSimulator({ seed: 7, now: () => now, rateLimits: 'off' });
  channelId = simulator.world.channelNamed('general').id;
  path = `/channels/${channelId}/messages?limit=10`;
});

afterEach(() => simulator.close());

describe('faults', () => {
  it('strike the aimed route and channel, after what they skip, as often as they are told', async () => {
    const fault = simulator.faults.add(
      { kind: 'status', status: 503 },
      { route: MESSAGES, channelId, skip: 1, times: 2 },
    );
    const other = `/channels/${simulator.world.channelNamed('team-1').id}/messages`;
    expect([await statusOf(), await statusOf('/users/@me'), await statusOf(other)]).toEqual([200, 200, 200]);
    expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([503, 503, 200]);
    expect(fault.count).toBe(2);
    expect(await fault.struck(2)).toEqual({ at: now, route: MESSAGES, channelId });
  });

  it('strike by chance, the same way for the same seed', async () => {
    const fault = simulator.faults.add({ kind: 'status', status: 500 }, { probability: 0.5 });
    const statuses: number[] = [];
    for (let request = 0; request < 20; request++) statuses.push(await statusOf());
    expect(fault.count).toBe(statuses.filter((status) => status === 500).length);
    expect(fault.count).toBeGreaterThan(3);
    expect(fault.count).toBeLessThan(17);
    fault.remove();
    expect(await statusOf()).toBe(200);
  });

  it('send an HTML page, text that is no JSON, and JSON of another shape', async () => {
    simulator.faults.add({ kind: 'html' });
    const page = await get();
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html; charset=UTF-8']);
    expect(await page.text()).toContain('Cloudflare');
    simulator.faults.add({ kind: 'notJson' });
    await expect((await get()).json()).rejects.toThrow(SyntaxError);
    simulator.faults.add({ kind: 'wrongShape' });
    expect(await (await get()).json()).toHaveProperty('messages');
  });

  it('cut a body in the middle, and reset a connection', async () => {
    simulator.faults.add({ kind: 'cutBody' });
    const cut = await get();
    expect(cut.status).toBe(200);
    await expect(cut.text()).rejects.toThrow();
    simulator.faults.add({ kind: 'reset' });
    await expect(get()).rejects.toThrow();
    expect(await statusOf()).toBe(200);
  });

  it.each<MessageDefect>(['noId', 'noTimestamp', 'numericId', 'nullEntry', 'badTimestamp', 'nulContent'])(
    'break one entry of a page (%s) and leave its neighbours whole',
    async (defect) => {
      const whole = (await (await get()).json()) as unknown[];
      simulator.faults.add({ kind: 'malformedMessage', defect });
      const broken = (await (await get()).json()) as unknown[];
      expect(broken).toHaveLength(10);
      expect(broken.toSpliced(5, 1)).toEqual(whole.toSpliced(5, 1));
      expect(broken[5]).not.toEqual(whole[5]);
    },
  );

  it('hold an answer until it is let go', async () => {
    const fault = simulator.faults.add({ kind: 'slow' });
    const held = get();
    await fault.struck();
    expect(await statusOf()).toBe(200);
    fault.release();
    expect((await held).status).toBe(200);
  });

  it('refuse with 429, and mean it until the named time has passed', async () => {
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: 1_500 });
    const refused = await get();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(refused.headers.get('x-ratelimit-reset-after')).toBe('1.500');
    expect(await refused.json()).toMatchObject({ retry_after: 1.5, global: false });
    now += 1_499;
    expect(await statusOf()).toBe(429);
    now += 1;
    expect(await statusOf()).toBe(200);
  });

  it('refuse with 429 that names its time in the body only, or nowhere', async () => {
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: 700, namedIn: 'body', scope: 'shared' });
    const inBody = await get();
    expect([inBody.headers.get('retry-after'), inBody.headers.get('x-ratelimit-scope')]).toEqual([null, 'shared']);
    expect(await inBody.json()).toMatchObject({ retry_after: 0.7 });
    expect(simulator.invalidRequests.count).toBe(0);
    now += 700;
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: null });
    const nowhere = await get();
    expect([...nowhere.headers.keys()].filter((name) => /retry|reset/.test(name))).toEqual([]);
    expect(await nowhere.json()).not.toHaveProperty('retry_after');
    expect(await statusOf()).toBe(200);
  });

  it('refuse everything with a global 429', async () => {
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: 1_000, scope: 'global' });
    const refused = await get();
    expect(refused.headers.get('x-ratelimit-global')).toBe('true');
    await refused.text();
    expect(await statusOf('/users/@me')).toBe(429);
    now += 1_000;
    expect(await statusOf('/users/@me')).toBe(200);
  });
});
