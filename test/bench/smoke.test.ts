import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { runBenches, type Sizes } from './benches.ts';
import { isMet } from './figure.ts';
import { jsonOf, tableOf } from './report.ts';

const TINY: Sizes = {
  rounds: 1,
  sync: { messages: 250 },
  store: { messages: 400, conversations: 2 },
  api: { messages: 3_000, channels: 2, clients: 2, idleRequests: 12 },
  runtime: { commands: 40, letters: 300, questions: 10, idleInstances: 300, restoredInstances: 20 },
  people: { persons: 500, events: 1_000, requests: 9 },
  'people-sync': { members: 1_500, latenciesMs: [1] },
};

describe('the benches', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('measure everything they say, however small', { timeout: 480_000 }, async () => {
    const figures = await runBenches(
      ['sync', 'store', 'api', 'runtime', 'people', 'people-sync'],
      TINY,
      postgres,
      () => {},
    );
    expect(figures).toHaveLength(3 + 16 + 4 + 12 + 6 + 3);
    for (const { name, value } of figures) expect(value, name).toBeGreaterThan(0);
    const aimed = figures.filter(({ aim }) => aim !== null);
    expect(aimed).toHaveLength(2 + 8 + 1 + 5 + 1 + 2);
    for (const figure of aimed) expect(isMet(figure), figure.name).not.toBeNull();
    expect(tableOf(figures).split('\n')).toHaveLength(figures.length + 2);
    expect(JSON.parse(jsonOf(figures))).toHaveProperty('figures.0.met', null);
  });
});
