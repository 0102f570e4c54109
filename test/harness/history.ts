import type { ChannelPlan } from '../simulators/discord/world/world-plan.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A channel with `messages` between `fromDays` and `toDays` (default: an hour) ago. */
export const pastOf = (name: string, messages: number, fromDays = 30, toDays = 1 / 24): ChannelPlan => {
  const now = Date.now();
  return { name, messages, from: now - fromDays * DAY_MS, to: now - toDays * DAY_MS };
};

/** An instant so many days ago, as the API writes it. */
export const daysAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();
