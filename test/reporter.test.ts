import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

/*
 * What `npm test` says at its end is read by machines, so it is tried on runs of its own.
 */

const ROOT = join(import.meta.dirname, '..');
const CONFIG = `export default { test: {
  pool: 'forks',
  setupFiles: ['${join(ROOT, 'test/leak-check.ts')}'],
  reporters: ['default', '${join(ROOT, 'test/reporter.ts')}'],
} };`;

interface Run {
  readonly failed: boolean;
  readonly output: string;
  readonly lastLine: string | undefined;
}

const run = async (...testFiles: readonly string[]): Promise<Run> => {
  const folder = await mkdtemp(join(tmpdir(), 'run-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'vitest.config.js'), CONFIG);
  for (const [index, body] of testFiles.entries()) {
    const text = `import { createServer } from 'node:net';\nimport { expect, test } from 'vitest';\n${body}\n`;
    await writeFile(join(folder, `file-${index}.test.js`), text);
  }
  return new Promise((resolve) => {
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    execFile(process.execPath, [vitest, 'run'], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: stdout + stderr, lastLine: stdout.trimEnd().split('\n').at(-1) }),
    );
  });
};

const PASSING = "test('a', () => {}); test('b', () => {});";

test('a run ends with a plain line that counts what passed and failed', async () => {
  const { failed, lastLine, output } = await run(PASSING);
  expect(lastLine, output).toBe('2 passed, 0 failed');
  expect(failed).toBe(false);
});

test('a failing test and a file that does not load both count as failed', async () => {
  const { failed, lastLine, output } = await run(
    PASSING,
    "test('c', () => expect(1).toBe(2));",
    "import './missing.js';",
  );
  expect(lastLine, output).toBe('2 passed, 2 failed');
  expect(failed).toBe(true);
});

test('a file that leaves a server open fails by the name of the handle', async () => {
  const { failed, lastLine, output } = await run(
    "test('d', () => new Promise((done) => createServer().listen(0, done)));",
  );
  expect(output).toContain('TCPServerWrap');
  expect(lastLine, output).toBe('1 passed, 1 failed');
  expect(failed).toBe(true);
});
