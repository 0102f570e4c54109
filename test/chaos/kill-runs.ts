import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { type Outcome, runChaos } from './chaos-run.ts';
import type { Values } from './command-line.ts';
import { type Report, seconds } from './report.ts';
import { problemsOf } from './verdict.ts';

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

const describe = ({ comparison, pages, restartsMs, changes, tookMs }: Outcome): string =>
  [
    `${comparison.stored} of ${comparison.expected} messages`,
    `${pages.distinct} pages, ${pages.again} of them again (at most ${pages.mostAgain} after a kill)`,
    ...(changes > 0 ? [`${changes} changes meanwhile, ${comparison.surplus.length} deletions missed`] : []),
    `a restart took ${seconds(median(restartsMs))}, at most ${seconds(Math.max(0, ...restartsMs))}`,
    seconds(tookMs),
  ].join('; ');

/** Runs of one service that is killed again and again. */
export class KillRuns {
  readonly title: string;
  readonly arguments: string;
  readonly #values: Values;
  readonly #server: PostgresServer | null;

  private constructor(values: Values, server: PostgresServer | null) {
    const { kills, messages, database, live } = values;
    this.title = `${kills} kills on ${database}`;
    this.arguments = `--kills ${kills} --messages ${messages} --database ${database}${live ? ' --live' : ''}`;
    this.#values = values;
    this.#server = server;
  }

  static async open(values: Values): Promise<KillRuns> {
    return new KillRuns(values, values.database === 'postgres' ? await startPostgres() : null);
  }

  async run(seed: number): Promise<Report> {
    const { kills, messages, live } = this.#values;
    const options = { seed, kills, messages, live, databaseUrl: (await this.#server?.freshDatabase()) ?? null };
    const outcome = await runChaos(options);
    return { line: describe(outcome), problems: problemsOf(outcome, options) };
  }

  async close(): Promise<void> {
    await this.#server?.stop();
  }
}
