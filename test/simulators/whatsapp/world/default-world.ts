import type { ChatPlan, PersonPlan, WorldPlan } from './world-plan.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface WorldSize {
  /** About so many messages in all. */
  readonly messages?: number;
  /** Ordinary direct chats besides the special ones. */
  readonly chats?: number;
}

/**
 * A world with everything that a history sync meets: chats under phone number, LID, and on the way from one to the
 * other; groups, a community, a group that was left; status updates and a newsletter, which are no history; chats that
 * are long, empty, exhausted early, or without an anchor; history from an hour ago back to more than a year. `now` in
 * ms.
 */
export const defaultWorld = (now: number, { messages = 1_500, chats = 4 }: WorldSize = {}): WorldPlan => {
  const part = (share: number): number => Math.max(1, Math.round(messages * share));
  const since = (days: number): { from: number; to: number } => ({ from: now - days * DAY_MS, to: now - HOUR_MS });
  const person = (name: string, at: number, more: Partial<PersonPlan> = {}): PersonPlan => ({
    name,
    phoneNumber: `49157${String(1_000_000 + at)}`,
    ...more,
  });
  const ordinary = Array.from({ length: chats }, (_, at) => `Friend ${at + 1}`);
  const people: PersonPlan[] = [
    person('Ada', 1, { savedAs: 'Ada Lovelace' }),
    person('Ben', 2, { savedAs: 'Benjamin' }),
    person('Cleo', 3, { mapping: 'late' }),
    person('Dora', 4, { pushName: null, savedAs: 'Aunt Dora' }),
    person('Emil', 5),
    ...ordinary.map((name, at) => person(name, 100 + at)),
  ];
  const group = { kind: 'group', members: ['Ada', 'Ben', 'Cleo'] } as const;
  const list: ChatPlan[] = [
    { kind: 'direct', with: 'Ada', messages: part(0.15), ...since(400) },
    { kind: 'direct', with: 'Ben', addressing: 'lid', messages: part(0.1), ...since(90) },
    { kind: 'direct', with: 'Cleo', addressing: 'lid', messages: part(0.05), ...since(30) },
    { kind: 'direct', with: 'Dora', addressing: 'migrating', messages: part(0.1), ...since(200) },
    {
      kind: 'direct',
      with: 'Emil',
      messages: part(0.02),
      from: now - 600 * DAY_MS,
      to: now - 500 * DAY_MS,
      unpushed: true,
    },
    ...ordinary.map(
      (name, at): ChatPlan => ({
        kind: 'direct',
        with: name,
        addressing: at % 2 === 0 ? 'pn' : 'lid',
        messages: part(0.3 / chats),
        ...since([6, 28, 85, 300][at % 4] ?? 300),
      }),
    ),
    { kind: 'community', name: 'Neighbours', members: ['Ada', 'Emil'] },
    { ...group, name: 'Sailing', messages: part(0.15), ...since(300), admins: ['Ben'], description: 'Wind and water' },
    { ...group, name: 'Old school', addressing: 'pn', messages: part(0.08), ...since(120), creator: 'Ada' },
    { ...group, name: 'Garden', community: 'Neighbours', messages: part(0.03), ...since(40) },
    { ...group, name: 'Left behind', left: true, messages: part(0.02), ...since(150), creator: 'Ben' },
    { kind: 'status', by: ['Ada', 'Ben'], messages: 5, ...since(1) },
    { kind: 'newsletter', name: 'Ferry news', messages: 5, ...since(20) },
  ];
  return { accounts: [{ name: 'Owner', phoneNumber: '491700000001', people, chats: list }] };
};
