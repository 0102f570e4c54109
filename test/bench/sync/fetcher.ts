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

interface Said {
  readonly fetched?: Run;
}

/** The process that fetches and stores nothing. */
export interface Fetcher {
  /** Fetches a conversation, by the platform's id. */
  readonly fetch: (conversation: string) => Promise<Run>;
  readonly end: () => Promise<void>;
}

export const startFetcher = async (apiUrl: string, token: string): Promise<Fetcher> => {
  const child = spawn(process.execPath, [SCRIPT, apiUrl, token], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const said = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<Said> => {
    const line = await said.next();
    if (line.done === true) throw new Error('The process that fetches has ended');
    return JSON.parse(line.value) as Said;
  };
  await next();
  return {
    fetch: async (conversation) => {
      child.stdin.write(`${conversation}\n`);
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
