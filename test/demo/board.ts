import process from 'node:process';

/** A few lines that change in place on a terminal; elsewhere each change is a line of its own. */
export class Board {
  readonly #lines = new Map<string, string>();
  #drawn = 0;

  say(line: string): void {
    this.#drawn = 0;
    process.stdout.write(`${line}\n`);
  }

  /** Sets the line of `label`. */
  show(label: string, text: string): void {
    const line = `${label.padEnd(9)}${text}`;
    if (this.#lines.get(label) === line) return;
    this.#lines.set(label, line);
    if (process.stdout.isTTY) this.#redraw(process.stdout.columns);
    else process.stdout.write(`${line}\n`);
  }

  #redraw(columns: number): void {
    const width = Math.max(20, columns - 1);
    const up = this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A`;
    const lines = [...this.#lines.values()].map((line) => `\u001B[K${line.slice(0, width)}\n`);
    process.stdout.write(`${up}\r${lines.join('')}`);
    this.#drawn = lines.length;
  }
}
