import { type PGlite, protocol } from '@electric-sql/pglite';
import { bindOf } from './pglite-bind.ts';
import type { Answer, Ask } from './step-run.ts';

const { serialize, messages: kinds } = protocol;

type Messages = Awaited<ReturnType<PGlite['execProtocol']>>['messages'];

interface Column {
  readonly name: string;
  readonly dataTypeID: number;
}

interface Prepared {
  readonly name: string;
  readonly columns: readonly Column[];
}

const ignore = (): void => {};

/**
 * Speaks PostgreSQL's wire protocol with PGlite: a statement is parsed, planned and described at its first use, and
 * every use is one exchange. PGlite's own `query` does all of that each time, an exchange for each message, which
 * costs more than most statements of a step do. Nothing else may use the database while an answer is awaited.
 */
export class PgliteSession {
  readonly #pglite: PGlite;
  readonly #prepared = new Map<string, Prepared>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  /** PGlite mixes up the answers of two exchanges at once: each waits for the one before it. */
  readonly ask: Ask = (text, parameters) => {
    const answer = this.#turn.then(() => this.#run(text, parameters));
    this.#turn = answer.catch(ignore);
    return answer;
  };

  async #run(text: string, parameters: readonly unknown[]): Promise<Answer> {
    if (parameters.length === 0) return this.#read(await this.#exchange(serialize.query(text)), []);
    const { name, columns } = this.#prepared.get(text) ?? (await this.#prepare(text));
    const messages = await this.#exchange(...bindOf(name, parameters), serialize.execute(), serialize.sync());
    return this.#read(messages, columns);
  }

  async #prepare(text: string): Promise<Prepared> {
    const name = `step_${this.#prepared.size}`;
    const describe = serialize.describe({ type: 'S', name });
    const messages = await this.#exchange(serialize.parse({ name, text }), describe, serialize.sync());
    const description = messages.find((message) => message instanceof kinds.RowDescriptionMessage);
    const prepared = { name, columns: description?.fields ?? [] };
    this.#prepared.set(text, prepared);
    return prepared;
  }

  async #exchange(...parts: readonly Uint8Array[]): Promise<Messages> {
    return (await this.#pglite.execProtocol(Buffer.concat(parts))).messages;
  }

  #read(messages: Messages, columns: readonly Column[]): Answer {
    const rows: object[] = [];
    let count = 0;
    for (const message of messages) {
      if (message instanceof kinds.DataRowMessage) rows.push(this.#rowOf(message.fields, columns));
      // Such as "UPDATE 3"; "BEGIN" has no count.
      if (message instanceof kinds.CommandCompleteMessage) count = Number(message.text.split(' ').at(-1)) || 0;
    }
    return { rows, count };
  }

  #rowOf(fields: readonly (string | null)[], columns: readonly Column[]): object {
    const { parsers } = this.#pglite;
    return Object.fromEntries(
      columns.map(({ name, dataTypeID }, index) => {
        const text = fields[index] ?? null;
        const parse = parsers[dataTypeID];
        return [name, text === null || parse === undefined ? text : parse(text, dataTypeID)];
      }),
    );
  }
}
