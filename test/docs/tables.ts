import { Schema } from 'effect';
import { METRICS } from '../../src/domain/metrics.ts';
import { SETTINGS } from '../../src/domain/settings.ts';

/** The tables of the documents that say what the code says: put there as they are printed here. */

interface Described {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Described[];
}

const grouped = (value: number): string => value.toLocaleString('en');

const rangeOf = ({ type, minimum, maximum, enum: values, anyOf }: Described): string => {
  if (anyOf !== undefined) return anyOf.map(rangeOf).join(', ');
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
  if (type === 'integer') return `${grouped(minimum ?? 0)} to ${grouped(maximum ?? 0)}`;
  if (type === 'boolean') return '`true`, `false`';
  return type === 'null' ? '`null`' : 'text';
};

const OWNERS = {
  any: 'service, any instance',
  whatsapp: 'service, WhatsApp instances',
  discord: 'service, Discord instances',
} as const;

/** Every setting: key, default, range, who may have a value of its own, meaning. */
export const settingsTable = (): readonly string[] => [
  '| key | default | range | of | meaning |',
  '| --- | --- | --- | --- | --- |',
  ...Object.entries(SETTINGS).map(([key, rule]) => {
    const { schema } = Schema.toJsonSchemaDocument(rule.schema as Schema.Top);
    const owner = 'ofInstance' in rule ? OWNERS[rule.ofInstance] : 'service';
    return `| \`${key}\` | \`${rule.default}\` | ${rangeOf(schema as Described)} | ${owner} | ${rule.describe} |`;
  }),
];

/** Every metric: name, labels, meaning. */
export const metricsTable = (): readonly string[] => [
  '| metric | kind | labels | meaning |',
  '| --- | --- | --- | --- |',
  ...Object.entries(METRICS).map(
    ([name, { kind, labels, help }]) => `| \`${name}\` | ${kind} | ${labels.join(', ')} | ${help} |`,
  ),
];
