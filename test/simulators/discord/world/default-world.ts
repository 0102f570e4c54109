import type { ChannelPlan, ThreadPlan, WorldPlan } from './world-plan.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface WorldSize {
  /** About so many messages in all. */
  readonly messages?: number;
  /** Ordinary text channels besides the special ones. */
  readonly channels?: number;
  /** Members of the larger guild. */
  readonly members?: number;
}

/**
 * A world with everything that a history sync meets: two guilds, one with more than 1,000 members; text, voice,
 * announcement, forum and media channels; threads of every kind; channels that are empty, hidden or without
 * history permission; and history from today back to more than a year ago. `now` in ms.
 */
export const defaultWorld = (
  now: number,
  { messages = 3_000, channels = 4, members = 1_500 }: WorldSize = {},
): WorldPlan => {
  // What the special places hold is fixed by their shares; the ordinary channels share the rest.
  const part = (share: number): number => Math.max(1, Math.round(messages * share));
  const since = (days: number): { from: number; to: number } => ({ from: now - days * DAY_MS, to: now - HOUR_MS });
  const thread = (name: string, share: number, days: number, more: Partial<ThreadPlan> = {}): ThreadPlan => ({
    name,
    messages: part(share),
    from: now - (days + 20) * DAY_MS,
    to: now - days * DAY_MS,
    ...more,
  });
  const archived = (name: string, share: number, days: number, more: Partial<ThreadPlan> = {}): ThreadPlan =>
    thread(name, share, days, { archivedAt: now - days * DAY_MS + HOUR_MS, ...more });

  const ordinary: ChannelPlan[] = Array.from({ length: channels }, (_, at) => ({
    name: `team-${at + 1}`,
    category: 'Teams',
    messages: part(0.4 / channels),
    ...since([6, 28, 85, 300][at % 4] ?? 300),
  }));
  return {
    guilds: [
      {
        name: 'Harbour',
        description: 'Where everybody comes in',
        members,
        channels: [
          { name: 'Teams', type: 4 },
          {
            name: 'general',
            topic: 'Whatever comes up',
            messages: part(0.2),
            ...since(420),
            threads: [
              thread('lunch', 0.01, 1),
              archived('launch-2024', 0.02, 200),
              archived('retrospective', 0.01, 40),
              archived('secret-joined', 0.01, 60, { private: true, joined: true }),
              archived('secret-managed', 0.01, 50, { private: true }),
              thread('secret-active', 0.01, 1, { private: true }),
            ],
          },
          ...ordinary,
          {
            name: 'news',
            type: 5,
            messages: part(0.03),
            ...since(200),
            threads: [archived('news-questions', 0.01, 20)],
          },
          {
            name: 'questions',
            type: 15,
            ...since(120),
            threads: [
              thread('how-to-start', 0.03, 2),
              archived('old-question', 0.02, 90),
              archived('older-question', 0.01, 95),
            ],
          },
          { name: 'gallery', type: 16, ...since(60), threads: [thread('sunset', 0.02, 3)] },
          { name: 'lounge', type: 2, messages: part(0.03), ...since(20) },
          { name: 'empty', ...since(10) },
          { name: 'no-history', messages: part(0.02), ...since(15), deny: ['ReadMessageHistory'] },
          { name: 'hidden', messages: part(0.02), ...since(15), deny: ['ViewChannel'] },
        ],
      },
      {
        name: 'Workshop',
        members: 40,
        channels: [
          { name: 'workbench', messages: part(0.1), ...since(35) },
          { name: 'archive-2023', messages: part(0.04), from: now - 800 * DAY_MS, to: now - 500 * DAY_MS },
        ],
      },
    ],
  };
};
