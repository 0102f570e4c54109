import { type Figure, isMet } from './figure.ts';

const HEAD = ['what', 'figure', 'unit', 'ratio', 'to', 'aim', ''] as const;

const figure = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0, minimumFractionDigits: 0 });

const aimOf = ({ aim, unit }: Figure): string => {
  if (aim === null) return '';
  const limit = aim.of === 'ratio' ? `${aim.limit}` : `${aim.limit} ${unit}`;
  return `${aim.bound === 'at least' ? '≥' : '<'} ${limit}`;
};

const verdictOf = (line: Figure): string => ({ true: 'met', false: 'NOT met', null: '' })[`${isMet(line)}`];

const cellsOf = (line: Figure): readonly string[] => [
  line.name,
  figure(line.value),
  line.unit,
  line.ratio === null ? '' : line.ratio.toFixed(2),
  line.against ?? '',
  aimOf(line),
  verdictOf(line),
];

/** The figures as a table of Markdown that is also readable in a terminal. */
export const tableOf = (figures: readonly Figure[]): string => {
  const rows = [HEAD, ...figures.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lineOf = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const [head = HEAD, ...body] = rows;
  return [lineOf(head), rule, ...body.map(lineOf)].join('\n');
};

/** For machines: one object for each figure, `met` null where nothing was aimed at. */
export const jsonOf = (figures: readonly Figure[]): string =>
  JSON.stringify({ figures: figures.map((line) => ({ ...line, met: isMet(line) })) }, null, 2);
