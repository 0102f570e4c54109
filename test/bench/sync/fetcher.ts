import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./fetch-pages.ts', import.meta.url));

export interface Run {
  readonly pages: number;
  readonly messages: number;
  readonly tookMs: number;
}

interface Said<Fetched> {
  readonly fetched?: Fetched;
}

/** The process that fetches and stores nothing. */
export interface Fetcher<Fetched = Run> {
  /** Fetches what is named: a conversation, by the platform's id. */
  readonly fetch: (what: string) => Promise<Fetched>;
  readonly end: () => Promise<void>;
}

/** `script` answers each line of its input with what it fetched, as `fetch-pages.ts` does. */
export const startFetcher = async <Fetched = Run>(
  apiUrl: string,
  token: string,
  script = SCRIPT,
): Promise<Fetcher<Fetched>> => {
  const child = spawn(process.execPath, [script, apiUrl, token], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const said = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<Said<Fetched>> => {
    const line = await said.next();
    if (line.done === true) throw new Error('The process that fetches has ended');
    return JSON.parse(line.value) as Said<Fetched>;
  };
  await next();
  return {
    fetch: async (what) => {
      child.stdin.write(`${what}\n`);
      const { fetched } = await next();
      if (fetched === undefined) throw new Error('The process that fetches said something else');
      return fetched;
    },
    end: async () => {
      child.stdin.end();
      await exited;
    },
  };
};
