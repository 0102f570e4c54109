import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  /** Ctrl-C in the terminal does not reach it; whoever started it ends it. */
  readonly isApart?: boolean;
  /** It hears what it is told by `tell`. */
  readonly hasEar?: boolean;
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[];
}

/** A process of ours, told by its JSON lines. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<(line: Record<string, unknown>) => void>();
  readonly #exited: Promise<unknown>;
  /** Everything that it said before its end has been read. */
  readonly #silent: Promise<unknown>;

  constructor(script: string, args: readonly string[], env: Record<string, string>, options: ChildOptions = {}) {
    const { isApart = false, hasEar = false, nodeArgs = [] } = options;
    this.process = spawn(process.execPath, [...nodeArgs, script, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(hasEar ? (['ipc'] as const) : [])],
      detached: isApart,
    });
    this.#exited = once(this.process, 'exit');
    this.#silent = once(this.process, 'close');
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
    void this.#silent.then(() => reject(new Error(`The process ended first. It said:\n${this.output}`)));
    return promise;
  }

  /** Resolves when the message has left; rejects for a process that is gone, or has no ear. */
  tell(message: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.process.send(message, (error) => (error === null ? resolve() : reject(error)));
    });
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
