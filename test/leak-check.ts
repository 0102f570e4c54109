import { setImmediate } from 'node:timers/promises';
import { afterAll, expect } from 'vitest';

/*
 * Runs in every test file, which has a process of its own: what the file opened must be closed when its last hook is
 * done. A socket, server, child process or timer (a fiber that sleeps, an actor that waits) that would still keep the
 * process alive fails the file.
 */

const WATCHED = /^(TCPSocketWrap|TCPServerWrap|PipeServerWrap|UDPWrap|ProcessWrap|FSEventWrap|Worker|Timeout)$/;

/** How long a handle may take to close after the last hook. */
const PATIENCE_MS = 3_000;

const openHandles = (): readonly string[] => process.getActiveResourcesInfo().filter((name) => WATCHED.test(name));

afterAll(async () => {
  const deadline = performance.now() + PATIENCE_MS;
  // No timer may do the waiting: it would be one of the handles.
  while (openHandles().length > 0 && performance.now() < deadline) await setImmediate();
  expect(openHandles(), 'handles that the file left open').toEqual([]);
});
