import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GuildPlan } from '../simulators/discord/world/world-plan.ts';
import { SimulatedService } from './simulated-service.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const CHANNELS = ['one', 'two'];

describe('a limit', () => {
  let service: SimulatedService;
  let first: string;
  let second: string;
  let jobs: readonly string[];

  const idOf = (name: string): string => service.discord.world.channelNamed(name).id;
  const requests = (names: readonly string[], from: number, to = service.now): number => {
    const ids = names.map(idOf);
    return service.traffic.between('messages', from, to).filter(({ channelId }) => ids.includes(channelId ?? ''))
      .length;
  };
  /**
   * The burst of our own limit is over, and the platform's limits of five in five seconds and channel are free again.
   */
  const betweenBursts = async (): Promise<void> => {
    while (requests(CHANNELS, service.now - 5_500) > 0) await service.run(500);
  };
  const setLimit = (perMinute: number) =>
    service.api.call('PATCH', '/settings', { 'sync.discord.messagesPerMinute': perMinute });

  beforeAll(async () => {
    service = await SimulatedService.open((now) => {
      const guild = (name: string, channels: readonly string[]): GuildPlan => ({
        name,
        channels: channels.map((channel) => ({
          name: channel,
          messages: 200_000,
          from: now - 300 * DAY_MS,
          to: now - 1,
        })),
      });
      return {
        guilds: [guild('First', CHANNELS), guild('Second', ['three'])],
        bots: [
          { name: 'first', guilds: ['First'] },
          { name: 'second', guilds: ['Second'] },
        ],
      };
    });
    const [one, other] = service.discord.world.bots;
    first = await service.instance(one?.token);
    second = await service.instance(other?.token);
    jobs = await Promise.all(CHANNELS.map((name) => service.sync(first, { depth: 'all', channelId: idOf(name) })));
    await service.run(10_000);
  });
  afterAll(() => service?.close());

  it('is shared by all jobs of an instance, and each of them gets its part', async () => {
    const from = service.now;
    await service.run(2 * MINUTE_MS);
    const parts = CHANNELS.map((name) => requests([name], from));
    expect(parts.reduce((sum, part) => sum + part)).toBeLessThanOrEqual(2 * 48 + 8);
    for (const part of parts) expect(part).toBeGreaterThanOrEqual(40);
    expect(service.traffic.most('messages', MINUTE_MS)).toBeLessThanOrEqual(50);
  });

  it('belongs to one instance: another has its own', async () => {
    await service.sync(second);
    const from = service.now;
    await service.run(MINUTE_MS);
    expect(requests(CHANNELS, from)).toBeGreaterThanOrEqual(40);
    expect(requests(CHANNELS, from)).toBeLessThanOrEqual(50);
    expect(requests(['three'], from)).toBeGreaterThanOrEqual(45);
    expect(requests(['three'], from)).toBeLessThanOrEqual(50);
  });

  it('that is raised is used within a second', async () => {
    await betweenBursts();
    const from = service.now;
    await setLimit(180);
    await service.run(1_000);
    expect(requests(CHANNELS, from)).toBeGreaterThan(0);
    // Of the 30 that 10 s may have now, 8 at most were used before.
    expect(requests(CHANNELS, from)).toBeGreaterThanOrEqual(10);
  });

  it('that is lowered holds at once', async () => {
    await service.run(30_000);
    await setLimit(12);
    const from = service.now;
    await service.run(3 * MINUTE_MS);
    const ids = CHANNELS.map(idOf);
    const sent = service.traffic.of('messages').filter(({ channelId }) => ids.includes(channelId ?? ''));
    const later = sent.filter(({ at }) => at >= from);
    for (const { at } of later) {
      expect(sent.filter((other) => other.at > at - MINUTE_MS && other.at <= at).length).toBeLessThanOrEqual(12);
      expect(sent.filter((other) => other.at > at - 10_000 && other.at <= at).length).toBeLessThanOrEqual(2);
    }
    expect(later.length).toBeGreaterThanOrEqual(12);
  });

  it('is kept from being refused by the platform', async () => {
    expect(service.traffic.refused).toEqual([]);
    for (const job of jobs) expect((await service.job(first, job)).progress.errorCount).toBe(0);
  });
});
