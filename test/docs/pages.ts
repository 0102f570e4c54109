import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A text of ours, by its path from the root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

const read = (path: string): Page => ({ path, text: readFileSync(join(ROOT, path), 'utf8') });

const under = (folder: string, ending: string): readonly Page[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => read(relative(ROOT, join(entry.parentPath, entry.name))));

/** Everything that is written for people. */
export const pages = (): readonly Page[] => [
  read('README.md'),
  read('CHANGELOG.md'),
  ...under('docs', '.md'),
  ...under('test', '.md'),
];

export const page = (path: string): Page => read(path);

/** The production code of a folder. */
export const codeOf = (folder: string): readonly Page[] => under(folder, '.ts');
