import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RateLimitedFault } from '../simulators/discord/faults/fault.ts';
import { SimulatedService } from './simulated-service.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** How much longer than asked for the service may wait. */
const PATIENCE_MS = 2_000;
const MESSAGES = '/channels/:channelId/messages';

describe('after a 429', () => {
  let service: SimulatedService;
  let instance: string;

  const idOf = (name: string): string => service.discord.world.channelNamed(name).id;

  beforeAll(async () => {
    service = await SimulatedService.open((now) => ({
      guilds: [
        {
          name: 'Guild',
          channels: ['one', 'two'].map((name) => ({ name, messages: 300_000, from: now - 300 * DAY_MS, to: now - 1 })),
        },
      ],
    }));
    instance = await service.instance();
    for (const name of ['one', 'two']) await service.sync(instance, { depth: 'all', channelId: idOf(name) });
    await service.run(15_000);
  });
  afterEach(() => service.discord.faults.clear());
  afterAll(() => service?.close());

  /** Has one request refused, and gives the instant of it. */
  const refuse = async (fault: Omit<RateLimitedFault, 'kind'>, channel?: string): Promise<number> => {
    const aim = channel === undefined ? { route: MESSAGES } : { route: MESSAGES, channelId: idOf(channel) };
    const { strikes } = service.discord.faults.add({ kind: 'rateLimited', ...fault }, aim);
    while (strikes.length === 0) await service.run(1_000);
    return strikes[0]?.at ?? 0;
  };

  const expectPause = (from: number, leastMs: number, mostMs: number, channelId: string | null = null): void => {
    const next = service.traffic.after(from, channelId);
    expect(next?.status).toBe(200);
    expect((next?.at ?? 0) - from).toBeGreaterThanOrEqual(leastMs);
    expect((next?.at ?? 0) - from).toBeLessThanOrEqual(mostMs + PATIENCE_MS);
  };

  /** Three answers after a cooldown lead back to normal. */
  const recover = () => service.run(30_000);

  it.each([
    ['in the body', { retryAfterMs: 21_000, namedIn: 'body' }],
    ['globally', { retryAfterMs: 23_500, scope: 'global' }],
    ['globally, in the header alone', { retryAfterMs: 22_000, scope: 'global', namedIn: 'header' }],
  ] as const)('that names its time %s, no job sends anything before, and not much later', async (_, fault) => {
    const at = await refuse(fault);
    await service.run(fault.retryAfterMs + 10_000);
    expectPause(at, fault.retryAfterMs, fault.retryAfterMs);
    await recover();
    expect(service.traffic.refused.filter((refused) => refused.at > at)).toEqual([]);
  });

  it.each([
    ['of a route', { retryAfterMs: 24_000 }],
    ['of a route, in the header alone', { retryAfterMs: 24_000, namedIn: 'header' }],
    ['of a shared resource', { retryAfterMs: 26_000, scope: 'shared' }],
  ] as const)('%s, only that conversation rests', async (_, fault) => {
    const at = await refuse(fault, 'one');
    await service.run(fault.retryAfterMs + 15_000);
    expectPause(at, fault.retryAfterMs, fault.retryAfterMs + 10_020, idOf('one'));
    const others = service.traffic.between('messages', at, at + fault.retryAfterMs);
    expect(others.filter(({ channelId }) => channelId === idOf('two')).length).toBeGreaterThanOrEqual(14);
    await recover();
  });

  it('says what the jobs wait for, and until when', async () => {
    const at = await refuse({ retryAfterMs: 30_000, scope: 'global' });
    const { items } = (await service.api.call('GET', `/instances/${instance}/sync`)) as {
      items: { status: string; waitingFor: { what: string; until: string | null } }[];
    };
    expect(items).toHaveLength(2);
    for (const { status, waitingFor } of items) {
      expect(status).toBe('waiting');
      expect(waitingFor.what).toBe('cooldown');
      expect(new Date(waitingFor.until ?? 0).getTime()).toBe(at + 30_000);
    }
    await service.run(40_000);
    await recover();
  });

  it('without a named time waits for 60 s, then 120 s, then 240 s', async () => {
    const fault = { kind: 'rateLimited', retryAfterMs: null } as const;
    const { strikes, remove } = service.discord.faults.add(fault, { route: MESSAGES, times: 100 });
    // What was under way together is refused together; after that there is one probe at a time.
    const refusals = (): readonly number[] => [...new Set(strikes.map(({ at }) => at))];
    while (refusals().length < 3) await service.run(1_000);
    remove();
    await service.run(5 * MINUTE_MS);
    expect(refusals()).toHaveLength(3);
    for (const [nth, at] of refusals().entries()) {
      const ms = MINUTE_MS * 2 ** nth;
      const next = service.traffic.after(at);
      expect((next?.at ?? 0) - at).toBeGreaterThanOrEqual(ms);
      expect((next?.at ?? 0) - at).toBeLessThanOrEqual(ms * 1.05 + PATIENCE_MS);
    }
    await recover();
    const again = await refuse({ retryAfterMs: null });
    await service.run(70_000);
    expectPause(again, MINUTE_MS, MINUTE_MS * 1.05);
    await recover();
  });

  it('keeps to it over a restart', async () => {
    const at = await refuse({ retryAfterMs: 45_000, scope: 'global' });
    await service.run(10_000);
    await service.stop();
    await service.run(5_000);
    await service.start();
    await service.run(60_000);
    expectPause(at, 45_000, 45_000);
    expect(service.traffic.refused.filter((refused) => refused.at > at)).toEqual([]);
  });
});

describe('a login that is one too many', () => {
  let service: SimulatedService;

  beforeAll(async () => {
    service = await SimulatedService.open(() => ({ guilds: [{ name: 'Guild', channels: [{ name: 'one' }] }] }));
  });
  afterAll(() => service?.close());

  it('is tried again when the platform allows it, and not before', async () => {
    const fault = { kind: 'rateLimited', retryAfterMs: 50_000, scope: 'global' } as const;
    const { strikes } = service.discord.faults.add(fault, { route: '/gateway/bot' });
    const { id } = await service.api.createInstance(service.discord.token);
    await service.state(id, 'backingOff');
    await service.run(60_000);
    expect(service.traffic.refused.length).toBe(1);
    const at = strikes[0]?.at ?? 0;
    const next = service.traffic.after(at);
    expect(next?.at).toBeGreaterThanOrEqual(at + 50_000);
    expect(next?.at).toBeLessThanOrEqual(at + 50_000 + PATIENCE_MS);
    await service.online(id);
  });
});

describe('with a limit far above the platform’s', () => {
  let service: SimulatedService;

  beforeAll(async () => {
    service = await SimulatedService.open((now) => ({
      guilds: [
        { name: 'Guild', channels: [{ name: 'one', messages: 100_000, from: now - 300 * DAY_MS, to: now - 1 }] },
      ],
    }));
    await service.api.openLimits();
  });
  afterAll(() => service?.close());

  it('waits for the reset whenever the platform says that nothing remains, and is never refused', async () => {
    await service.sync(await service.instance());
    const from = service.now;
    await service.run(MINUTE_MS);
    expect(service.traffic.refused).toEqual([]);
    // Five in each five seconds is what the platform allows a channel.
    const sent = service.traffic.between('messages', from, service.now).length;
    expect(sent).toBeGreaterThanOrEqual(57);
    expect(sent).toBeLessThanOrEqual(60);
  });
});
