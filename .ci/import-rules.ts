import { globSync } from 'node:fs';
import { cruise, type ICruiseResult, type IViolation } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

/*
 * Checks the import rules of `.dependency-cruiser.cjs`. A cruiser that cannot read TypeScript sees no module and
 * reports no violation, so every file on disk must turn up among the modules it saw.
 */

const ROOTS = ['src', 'machines', 'test', 'docs', 'mikro-orm.config.ts', 'vitest.config.ts'];
const MUST_BE_SEEN = ['src/**/*.ts', 'machines/**/*.ts'];

const cruiseEverything = async (): Promise<ICruiseResult> => {
  const roots = globSync(ROOTS);
  const options = await extractOptions('./.dependency-cruiser.cjs');
  const { output } = await cruise(roots, options, undefined, { tsConfig: extractTsConfig('./tsconfig.json') });
  if (typeof output === 'string') throw new Error(`Expected the cruise as data, got text: ${output.slice(0, 200)}`);
  return output;
};

const describe = ({ rule, from, to, cycle }: IViolation, comment: string): string => {
  const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> ');
  return `  ${from} -> ${path}\n    ${rule.name}: ${comment}`;
};

process.chdir(`${import.meta.dirname}/..`);
const { modules, summary } = await cruiseEverything();

const seen = new Set(modules.map(({ source }) => source));
const onDisk = globSync(MUST_BE_SEEN);
const unseen = onDisk.filter((file) => !seen.has(file));
const comments = new Map(summary.ruleSetUsed?.forbidden?.map(({ name, comment }) => [name, comment ?? '']));

if (onDisk.length === 0 || unseen.length > 0) {
  console.error(`The import rules were not checked: of ${onDisk.length} files, ${unseen.length} were not read.`);
  console.error(unseen.map((file) => `  ${file}`).join('\n'));
  process.exitCode = 1;
} else if (summary.violations.length > 0) {
  console.error('Illegal imports:');
  for (const violation of summary.violations)
    console.error(describe(violation, comments.get(violation.rule.name) ?? ''));
  process.exitCode = 1;
} else {
  console.log(`Import rules hold: ${onDisk.length} files of ours, ${summary.totalDependenciesCruised ?? 0} imports.`);
}
