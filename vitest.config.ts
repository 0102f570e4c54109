import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A process of its own for each file: what a file leaks dies with it, and is seen by the leak check before.
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/leak-check.ts'],
    // PGlite takes seconds to create a cluster, and two files share two cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    slowTestThreshold: 5_000,
    reporters: ['default', './test/reporter.ts'],
    restoreMocks: true,
    unstubEnvs: true,
  },
});
