import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

/*
 * The checks are only worth something if they bite: each test plants one fault in a copy of the tree and expects
 * `npm run check` to fail by naming it. The copy has no tests, so a check that lets the fault pass ends there too.
 */

const ROOT = join(import.meta.dirname, '../..');
const LEFT_OUT = ['.git', '.tmp', 'data', 'node_modules', 'test'].map((name) => join(ROOT, name));
const PATIENCE_MS = 120_000;

const copyOfTheTree = async (): Promise<string> => {
  const copy = await mkdtemp(join(tmpdir(), 'planted-'));
  onTestFinished(() => rm(copy, { recursive: true }));
  await cp(ROOT, copy, { recursive: true, filter: (source) => !LEFT_OUT.includes(source) });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
};

const plant = async (copy: string, file: string, text: string): Promise<void> => {
  await mkdir(dirname(join(copy, file)), { recursive: true });
  await writeFile(join(copy, file), text);
};

const npmRun = (copy: string, script: string): Promise<{ readonly failed: boolean; readonly output: string }> =>
  new Promise((resolve) => {
    execFile('npm', ['run', script], { cwd: copy, env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: stdout + stderr }),
    );
  });

const CHECKS = ['check:types', 'check:lint', 'check:imports', 'check:machines'];

test('a check is all of these, one after another, then the tests', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect(scripts.check).toBe([...CHECKS.map((check) => `npm run ${check}`), 'npm test'].join(' && '));
});

test('a type error fails the check, and is all that does', { timeout: PATIENCE_MS }, async () => {
  const copy = await copyOfTheTree();
  await plant(copy, 'src/domain/planted-type.ts', "export const planted: number = 'text';\n");
  const { failed, output } = await npmRun(copy, 'check');
  expect(failed, output).toBe(true);
  expect(output).toContain('src/domain/planted-type.ts');
  expect(output).toContain("Type 'string' is not assignable to type 'number'");
  expect(output.match(/error TS/g)).toHaveLength(1);
});

test('an import against the direction, and a vendor package outside its home, fail the check, and are all that do', {
  timeout: PATIENCE_MS,
}, async () => {
  const copy = await copyOfTheTree();
  await plant(copy, 'src/db/planted-store.ts', "export const store = 'planted';\n");
  await plant(
    copy,
    'src/domain/planted-rule.ts',
    "import { store } from '../db/planted-store.ts';\n\nexport const rule = store;\n",
  );
  await plant(copy, 'src/runtime/planted-log.ts', "import type { Logger } from 'pino';\n\nexport type Log = Logger;\n");
  const { failed, output } = await npmRun(copy, 'check:imports');
  expect(failed, output).toBe(true);
  expect(output).toContain('src/domain/planted-rule.ts -> src/db/planted-store.ts');
  expect(output).toContain('domain-imports-nothing-of-ours');
  expect(output).toMatch(/src\/runtime\/planted-log\.ts -> .*pino/);
  expect(output).toContain('pino-has-one-home');
  expect(output.match(/ -> /g)).toHaveLength(2);
});

test('a changed machine without its diagram fails the check', { timeout: PATIENCE_MS }, async () => {
  const copy = await copyOfTheTree();
  const machine = await readFile(join(copy, 'machines/instance.ts'), 'utf8');
  const changed = machine.replace("target: 'stopped'", "target: 'pairing'");
  expect(changed).not.toBe(machine);
  await plant(copy, 'machines/instance.ts', changed);
  const { failed, output } = await npmRun(copy, 'check:machines');
  expect(failed, output).toBe(true);
  expect(output).toContain('docs/machines/instance.md does not show machines/instance.ts');
  expect(output).toContain('npm run machines');
});

test('import rules that were not applied to every file fail the check', { timeout: PATIENCE_MS }, async () => {
  const copy = await copyOfTheTree();
  const rules = await readFile(join(copy, '.dependency-cruiser.cjs'), 'utf8');
  await plant(copy, '.dependency-cruiser.cjs', rules.replace('options: {', "options: { exclude: '^src/domain/',"));
  const { failed, output } = await npmRun(copy, 'check:imports');
  expect(failed, output).toBe(true);
  expect(output).toContain('The import rules were not checked');
  expect(output).toContain('src/domain/ids.ts');
});
