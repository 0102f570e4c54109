import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT } from '../../src/config/environment.ts';
import { PARTS } from '../../src/domain/job.ts';
import { METRICS } from '../../src/domain/metrics.ts';
import { StopReason } from '../../src/domain/stop-reason.ts';
import { codeOf, type Page, page, pages, ROOT } from './pages.ts';
import { metricsTable, settingsTable } from './tables.ts';

const OPERATIONS = 'docs/OPERATIONS.md';
const WHATSAPP = 'docs/WHATSAPP.md';

const found = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, one]) => one ?? '');

const withoutFences = (text: string): string => text.replaceAll(/^```.*?^```$/gms, '');

/** Where links lead, other sites left out. */
const linksIn = ({ text }: Page): readonly string[] =>
  found(withoutFences(text), /\]\(([^)\s]+)\)/g).filter((target) => !/^[a-z]+:/.test(target));

const codeSpans = ({ text }: Page): readonly string[] => found(withoutFences(text), /`([^`\n]+)`/g);

/** What stands in code type and is a path of this repository. */
const pathsIn = (one: Page): readonly string[] =>
  codeSpans(one).filter((span) => /^(src|test|docs|machines|\.ci)\/[\w./-]*$|^[\w-]+\.(md|yml|json)$/.test(span));

const anchorsOf = (text: string): readonly string[] =>
  found(withoutFences(text), /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(/\s/g, '-'),
  );

const leadsNowhere = (from: Page, link: string): boolean => {
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? from.path : join(dirname(from.path), path);
  if (!existsSync(join(ROOT, target))) return true;
  return anchor !== undefined && !anchorsOf(page(target).text).includes(anchor);
};

/** Rows of all tables of a page: the code spans of each row's first cell. */
const codesInTables = (path: string): readonly string[] =>
  found(page(path).text, /^\| (`[^|]+) \|/gm).flatMap((cell) => found(cell, /`([^`]+)`/g));

const SNAKE = /'([a-z]+(?:_[a-z]+)+)'/g;

/** What jobs say of problems. In these rooms a text in snake case is a reason, and nothing else is. */
const reasons = (): ReadonlySet<string> => {
  const rooms = [
    'src/channels/discord/listing',
    'src/channels/discord/people',
    'src/sync/reading',
    'src/sync/arriving',
  ];
  const code = [...rooms.flatMap(codeOf), ...codeOf('machines').filter(({ path }) => path.includes('sync-job'))];
  const told = code.flatMap(({ text }) => found(text, SNAKE));
  return new Set([...told, ...PARTS.all.map((part) => `${part}_failed`), ...StopReason.literals]);
};

const lossCodes = (path: string): readonly string[] =>
  found(page(path).text, /lost\(\s*'\w+',\s*'([a-z_]+)'/g).filter((code, index, all) => all.indexOf(code) === index);

describe('the documents', () => {
  it('lead nowhere that is not there', () => {
    const broken = pages().flatMap((from) => [
      ...linksIn(from).flatMap((link) => (leadsNowhere(from, link) ? [`${from.path}: (${link})`] : [])),
      ...pathsIn(from).flatMap((path) => {
        const places = [path, join(dirname(from.path), path), join('docs', path)];
        return places.some((place) => existsSync(join(ROOT, place))) ? [] : [`${from.path}: \`${path}\``];
      }),
    ]);
    expect(broken).toEqual([]);
    expect(pages().flatMap(linksIn).length).toBeGreaterThan(80);
    expect(pages().flatMap(pathsIn).length).toBeGreaterThan(10);
  });

  it('know every variable of the environment', () => {
    const spans = new Set(found(page('README.md').text, /`([A-Z_]+)`/g));
    expect(Object.keys(ENVIRONMENT).filter((name) => !spans.has(name))).toEqual([]);
  });

  it.each([
    ['setting', settingsTable()],
    ['metric', metricsTable()],
  ])('have the table with every %s as the code has it', (_, rows) => {
    expect(page(OPERATIONS).text).toContain(rows.join('\n'));
  });

  it('explain every reason that a job may give', () => {
    const known = reasons();
    expect(known.size).toBeGreaterThan(20);
    const explained = new Set(codeSpans(page(OPERATIONS)));
    expect([...known].filter((reason) => !explained.has(reason))).toEqual([]);
  });

  it.each([
    ['src/channels/discord/gateway/connection-loss.ts', OPERATIONS],
    ['src/channels/whatsapp/session/connection-loss.ts', WHATSAPP],
  ])('explain every loss of a connection that %s tells of', (source, explainedIn) => {
    const codes = lossCodes(source);
    expect(codes.length).toBeGreaterThan(9);
    const explained = codesInTables(explainedIn);
    expect(codes.filter((code) => !explained.includes(code))).toEqual([]);
  });

  it('explain nothing that is not there any more', () => {
    const code = [...codeOf('src'), ...codeOf('machines')].map(({ text }) => text).join('\n');
    const literals = new Set([...found(code, /'([a-z_]+)'/g), ...PARTS.all.map((part) => `${part}_failed`)]);
    const explained = [...codesInTables(OPERATIONS), ...codesInTables(WHATSAPP)].filter((one) => /^[a-z_]+$/.test(one));
    const isMetric = (name: string): boolean => name in METRICS;
    expect(explained.filter((one) => !literals.has(one) && !isMetric(one))).toEqual([]);
  });
});

it('every metric is counted, observed or read somewhere', () => {
  const code = codeOf('src')
    .map(({ text }) => text)
    .join('\n');
  const used = new Set(found(code, /\.(?:count|observe|gauge)\(\s*'(\w+)'/g));
  expect(Object.keys(METRICS).filter((name) => !used.has(name))).toEqual([]);
});
