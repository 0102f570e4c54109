import type { Comparison } from '../../harness/compare.ts';
import { type PostgresServer, startPostgres } from '../../servers/postgres.ts';
import { quietLibsignal } from '../../simulators/whatsapp/signal/quiet-libsignal.ts';
import type { Values } from '../command-line.ts';
import { type Report, seconds } from '../report.ts';
import { runWhatsAppChaos, type WhatsAppOutcome } from './run.ts';
import { problemsOf, unreadableOf } from './verdict.ts';

/** Chats in which a text is not what the phone has, each with one such message. */
const unknownOf = ({ different }: Comparison): string =>
  different.length === 0 ? 'no text' : `texts in ${different.join(', ')}`;

const describe = (outcome: WhatsAppOutcome): string => {
  const { refreshed, atOnce, inTheEnd, whatsapp, killsBySight, pushes, changes, tookMs } = outcome;
  const { historyRequests } = whatsapp.log;
  const distinct = new Set(historyRequests.map(({ chatJid, anchorId }) => `${chatJid} ${anchorId}`)).size;
  const kills = Object.entries(killsBySight).map(([sight, count]) => `${count} at ${sight}`);
  return [
    `${refreshed.stored} of ${refreshed.expected} messages`,
    `killed ${kills.join(', ')}`,
    `${pushes} pushes`,
    `${historyRequests.length} pages asked for, ${historyRequests.length - distinct} of them again, ${unreadableOf(outcome)} that the phone could not read`,
    `${changes} changes meanwhile`,
    `until the next message ${atOnce.expected - atOnce.stored} unknown, until a refresh ${unknownOf(inTheEnd)}`,
    seconds(tookMs),
  ].join('; ');
};

/** Runs of one service with one WhatsApp number that is killed again and again. */
export class WhatsAppKillRuns {
  readonly title: string;
  readonly arguments: string;
  readonly #values: Values;
  readonly #server: PostgresServer | null;

  private constructor(values: Values, server: PostgresServer | null) {
    const { kills, messages, database } = values;
    this.title = `${kills} kills of a WhatsApp number on ${database}`;
    this.arguments = `--channel whatsapp --kills ${kills} --messages ${messages} --database ${database}`;
    this.#values = values;
    this.#server = server;
  }

  static async open(values: Values): Promise<WhatsAppKillRuns> {
    quietLibsignal();
    return new WhatsAppKillRuns(values, values.database === 'postgres' ? await startPostgres() : null);
  }

  async run(seed: number): Promise<Report> {
    const { kills, messages } = this.#values;
    const databaseUrl = (await this.#server?.freshDatabase()) ?? null;
    const outcome = await runWhatsAppChaos({ seed, kills, messages, databaseUrl });
    return { line: describe(outcome), problems: problemsOf(outcome) };
  }

  async close(): Promise<void> {
    await this.#server?.stop();
  }
}
