import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChannelPlan } from '../simulators/discord/world/world-plan.ts';
import { SimulatedService } from './simulated-service.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const MESSAGES_PER_MINUTE = 50;
const CONTACTS_PER_MINUTE = 100;
/** Half an hour is simulated here, on whatever machine. */
const PATIENCE_MS = 240_000;

/** The limits that the settings come with, and Discord's own in force as well. */
describe('at the default limits', () => {
  let service: SimulatedService;
  /** Has messages for half an hour of reading. */
  let reader: string;
  /** Has so many channels that listing them takes half an hour. */
  let lister: string;

  beforeAll(async () => {
    service = await SimulatedService.open((now) => {
      const reading = (name: string, messages: number): ChannelPlan => ({
        name,
        messages,
        from: now - 300 * DAY_MS,
        to: now - 1,
      });
      const rooms = Array.from({ length: 100 }, (_, nth) => ({ name: `room-${nth}`, from: now - DAY_MS }));
      const listing = Array.from({ length: 15 }, (_, nth) => ({ name: `Listing ${nth}`, channels: rooms }));
      return {
        guilds: [{ name: 'Reading', channels: [reading('short', 2_000), reading('long', 400_000)] }, ...listing],
        bots: [
          { name: 'reader', guilds: ['Reading'] },
          { name: 'lister', guilds: listing.map(({ name }) => name) },
        ],
      };
    });
    const [first, second] = service.discord.world.bots;
    reader = await service.instance(first?.token);
    await service.sync(reader);
    await service.run(2 * MINUTE_MS);
    lister = await service.instance(second?.token);
    await service.sync(lister);
  }, PATIENCE_MS);
  afterAll(() => service?.close());

  const expectWithinLimits = (): void => {
    expect(service.traffic.most('messages', MINUTE_MS)).toBeLessThanOrEqual(MESSAGES_PER_MINUTE);
    expect(service.traffic.most('messages', 10_000)).toBeLessThanOrEqual(Math.floor(MESSAGES_PER_MINUTE / 6));
    expect(service.traffic.most('contacts', MINUTE_MS)).toBeLessThanOrEqual(CONTACTS_PER_MINUTE);
    expect(service.traffic.most('contacts', 10_000)).toBeLessThanOrEqual(Math.floor(CONTACTS_PER_MINUTE / 6));
    expect(service.traffic.refused).toEqual([]);
  };

  it(
    'uses at least 95 % of what is allowed for 20 minutes, exceeds it in no window, and is never refused',
    async () => {
      const minutes = 20;
      const from = service.now;
      await service.run(minutes * MINUTE_MS);
      const share = (kind: 'messages' | 'contacts', perMinute: number): number =>
        service.traffic.between(kind, from, service.now).length / (perMinute * minutes);
      console.info(
        `Used of what is allowed: ${(100 * share('messages', MESSAGES_PER_MINUTE)).toFixed(1)} % of message requests, ` +
          `${(100 * share('contacts', CONTACTS_PER_MINUTE)).toFixed(1)} % of contact requests.`,
      );
      expectWithinLimits();
      expect(share('messages', MESSAGES_PER_MINUTE)).toBeGreaterThanOrEqual(0.95);
      expect(share('contacts', CONTACTS_PER_MINUTE)).toBeGreaterThanOrEqual(0.95);
    },
    PATIENCE_MS,
  );

  it(
    'exceeds them over restarts neither, and goes on at once after each',
    async () => {
      for (const ms of [3_210, 7_777, 61_000]) {
        await service.run(ms);
        await service.stop();
        await service.start();
        for (const id of [reader, lister]) await service.online(id);
        const restartedAt = service.now;
        await service.run(12_000);
        for (const kind of ['messages', 'contacts'] as const) {
          expect(service.traffic.between(kind, restartedAt, service.now).length).toBeGreaterThan(0);
        }
      }
      expectWithinLimits();
    },
    PATIENCE_MS,
  );
});
