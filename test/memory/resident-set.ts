import { readFileSync } from 'node:fs';

const EVERY_MS = 200;

/** What a process holds in memory, bytes. Linux only: proc(5), VmRSS. */
const residentBytes = (pid: number): number => {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`Process ${pid} does not say what it holds in memory.`);
  return Number(kilobytes) * 1024;
};

/** The most that a process holds in memory while `work` goes on, bytes. */
export const peakDuring = async <A>(pid: number, work: () => Promise<A>): Promise<readonly [A, number]> => {
  let peak = residentBytes(pid);
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, EVERY_MS);
  try {
    return [await work(), peak];
  } finally {
    clearInterval(sampler);
  }
};
