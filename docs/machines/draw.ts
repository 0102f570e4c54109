import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type AnyStateMachine, StateMachine } from 'xstate';
import { type Chart, chartOf, mermaid, transitionTable } from './mermaid.ts';
import { proseOf } from './prose.ts';

/*
 * `npm run machines` draws every machine of `machines/` into `docs/machines/<id>.md`. With `--check` it writes
 * nothing, and fails when a page is missing, out of date, or left over from a machine that is gone.
 */

interface Page {
  readonly file: string;
  readonly source: string;
  readonly text: string;
}

const page = (source: string, chart: Chart): Page => ({
  file: `docs/machines/${chart.id}.md`,
  source,
  text: `# ${chart.id}

Drawn by \`npm run machines\` from [${source}](../../${source}).

${proseOf(readFileSync(source, 'utf8'))}

\`\`\`mermaid
${mermaid(chart)}
\`\`\`

${transitionTable(chart)}
`,
});

const isMachine = (value: unknown): value is AnyStateMachine => value instanceof StateMachine;

const pagesOf = async (source: string): Promise<readonly Page[]> => {
  const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(source).href);
  return Object.values(exported)
    .filter(isMachine)
    .map((machine) => page(source, chartOf(machine)));
};

const complaintsAbout = (pages: readonly Page[]): readonly string[] => {
  const outdated = pages
    .filter(({ file, text }) => !existsSync(file) || readFileSync(file, 'utf8') !== text)
    .map(({ file, source }) => `${file} does not show ${source} as it is`);
  const drawn = new Set(pages.map(({ file }) => file));
  const orphaned = globSync('docs/machines/*.md')
    .filter((file) => !drawn.has(file))
    .map((file) => `${file} shows a machine that does not exist`);
  return [...outdated, ...orphaned];
};

process.chdir(`${import.meta.dirname}/../..`);
const pages = (await Promise.all(globSync('machines/*.ts').sort().map(pagesOf))).flat();
if (pages.length === 0) throw new Error('No machine was found in machines/');

if (process.argv.includes('--check')) {
  const complaints = complaintsAbout(pages);
  for (const complaint of complaints) console.error(`${complaint}: run npm run machines`);
  process.exitCode = complaints.length === 0 ? 0 : 1;
} else {
  for (const { file, text } of pages) writeFileSync(file, text);
}
if (process.exitCode !== 1) console.log(`Machines drawn: ${pages.map(({ file }) => file).join(', ')}`);
