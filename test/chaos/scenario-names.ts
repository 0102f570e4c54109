/** Trouble that lasts longer than a test of every day should: each a run of its own. */
export const SCENARIO_NAMES = ['freeze', 'nats-away', 'postgres-away', 'disk-full', 'clock-jumps', 'poison'] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];
