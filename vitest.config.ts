import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A process of its own for each file: what a file leaks dies with it, and is seen by the leak check before.
    pool: 'forks',
    // One more than the cores that it is made for: a good part of the tests waits for processes, clocks and servers.
    maxWorkers: 3,
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/leak-check.ts'],
    // PGlite takes seconds to create a cluster, and several files share two cores.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 10_000,
    slowTestThreshold: 5_000,
    reporters: ['default', './test/reporter.ts'],
    // Services that tests start load the same thousand modules over and over: compiled once, a start costs a fifth
    // less.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'omni-compile-cache') },
    restoreMocks: true,
    unstubEnvs: true,
  },
});
