/**
 * Everything that is measured, by name: what kind it is, which labels it carries, and what it tells. Names are
 * Prometheus' (`_total` for counters, `_seconds` for durations). Labels must have few values: never an id.
 */
export const METRICS = {
  omni_commands_total: { kind: 'counter', labels: ['type'], help: 'Commands accepted.' },
  omni_steps_total: {
    kind: 'counter',
    labels: ['input'],
    help: 'Steps committed, by what they were taken for: command, deadLetter, live, push, sync or mail (timers, restores).',
  },
  omni_pages_total: {
    kind: 'counter',
    labels: ['channel', 'outcome'],
    help: 'Pages that platforms answered with, or failed to.',
  },
  omni_messages_stored_total: {
    kind: 'counter',
    labels: ['channel', 'source'],
    help: 'Messages stored for the first time, by what brought them: live, push or sync. Malformed ones are not counted.',
  },
  omni_platform_requests_total: { kind: 'counter', labels: ['channel', 'kind'], help: 'Requests sent to platforms.' },
  omni_outbox_published_total: { kind: 'counter', labels: [], help: 'Events published from the outbox.' },
  omni_dead_letters_total: { kind: 'counter', labels: [], help: 'Commands that failed for good.' },
  omni_restarts_total: {
    kind: 'counter',
    labels: [],
    help: 'Instances begun anew from their rows after something failed: a step, the database, or our own code.',
  },
  omni_step_duration_seconds: {
    kind: 'histogram',
    labels: ['input'],
    help: 'How long a step took, its commit included, by what it was taken for.',
  },
  omni_instances: {
    kind: 'gauge',
    labels: ['state'],
    help: 'Instances that live on this node, by state; parked ones are in error.',
  },
  omni_jobs: { kind: 'gauge', labels: ['status'], help: 'Sync jobs, by status.' },
  omni_mailbox_depth: {
    kind: 'gauge',
    labels: [],
    help: 'Commands accepted and not yet run, in the partitions of this node.',
  },
  omni_outbox_unsent: {
    kind: 'gauge',
    labels: [],
    help: 'Events committed and not yet published, in the partitions of this node.',
  },
  omni_partitions_unowned: {
    kind: 'gauge',
    labels: [],
    help: 'Partitions that no living node owns; every node tells the same.',
  },
  omni_lease_trusted: {
    kind: 'gauge',
    labels: [],
    help: '1 while this node can rely on its lease, 0 while it must not act.',
  },
  omni_messaging: {
    kind: 'gauge',
    labels: ['state'],
    help: '1 for the state of what carries commands and events: in-process, connected or away.',
  },
  omni_permits_available: { kind: 'gauge', labels: ['channel'], help: 'Message permits that could be given now.' },
} as const satisfies Record<
  string,
  { readonly kind: 'counter' | 'gauge' | 'histogram'; readonly labels: readonly string[]; readonly help: string }
>;

type Table = typeof METRICS;
export type MetricName = keyof Table;
type NameOf<Kind> = { [Name in MetricName]: Table[Name]['kind'] extends Kind ? Name : never }[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;

/** Exactly the labels that the metric is declared with. */
export type LabelsOf<Name extends MetricName> = { readonly [Label in Table[Name]['labels'][number]]: string };

/** One reading of a gauge: a value, and the labels it belongs to. */
export interface Reading<Name extends GaugeName = GaugeName> {
  readonly labels: LabelsOf<Name>;
  readonly value: number;
}

/** What the core counts. None of these fails or blocks: measuring never harms the work. */
export interface Metrics {
  /** `by` defaults to 1. */
  readonly count: <Name extends CounterName>(name: Name, labels: LabelsOf<Name>, by?: number) => void;
  readonly observe: <Name extends HistogramName>(name: Name, seconds: number, labels: LabelsOf<Name>) => void;
  /** `read` is called at each collection and gives every current reading; a label it leaves out is gone. */
  readonly gauge: <Name extends GaugeName>(
    name: Name,
    read: () => readonly Reading<Name>[] | Promise<readonly Reading<Name>[]>,
  ) => void;
}

/** For tests and tools that measure nothing. */
export const silentMetrics: Metrics = { count: () => {}, observe: () => {}, gauge: () => {} };
