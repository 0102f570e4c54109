import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process of ours, told by its JSON lines. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<(line: Record<string, unknown>) => void>();
  readonly #exited: Promise<unknown>;

  /** `isApart`: Ctrl-C in the terminal does not reach it; whoever started it ends it. */
  constructor(script: string, args: readonly string[], env: Record<string, string>, isApart = false) {
    this.process = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: isApart,
    });
    this.#exited = once(this.process, 'exit');
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
  }

  #read(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > 500) this.#lines.shift();
    const parsed = parse(line);
    if (parsed !== null) for (const watcher of this.#watchers) watcher(parsed);
  }

  /** What it last said. */
  get output(): string {
    return this.#lines.join('\n');
  }

  get hasExited(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** The first line from now on that `select` gives something for. Fails if the process ends before. */
  said<A>(select: (line: Record<string, unknown>) => A | undefined): Promise<A> {
    const { promise, resolve, reject } = Promise.withResolvers<A>();
    const watcher = (line: Record<string, unknown>): void => {
      const selected = select(line);
      if (selected === undefined) return;
      this.#watchers.delete(watcher);
      resolve(selected);
    };
    this.#watchers.add(watcher);
    void this.#exited.then(() => reject(new Error(`The process ended first. It said:\n${this.output}`)));
    return promise;
  }

  /** Resolves with the exit code, null after a signal. */
  async ended(): Promise<number | null> {
    await this.#exited;
    return this.process.exitCode;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.hasExited) this.process.kill(signal);
    return this.ended();
  }
}

/** Null for what is no line of JSON, such as one that a kill cut off. */
const parse = (line: string): Record<string, unknown> | null => {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
};
