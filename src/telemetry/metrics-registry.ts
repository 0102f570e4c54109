import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  METRICS,
  type MetricName,
  type Metrics,
} from '../domain/metrics.ts';

export interface MetricsRegistry extends Metrics {
  /** Everything measured, as Prometheus reads it. */
  readonly render: () => Promise<string>;
}

interface AnyReading {
  readonly labels: object;
  readonly value: number;
}

type Read = () => readonly AnyReading[] | Promise<readonly AnyReading[]>;

const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of prom-client's with every metric of the table, and those of the process. */
export const createMetricsRegistry = (): MetricsRegistry => {
  const registry = new Registry();
  const reads = new Map<GaugeName, Read>();
  collectDefaultMetrics({ register: registry });
  const { counters, histograms } = declareAll(registry, reads);
  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc({ ...labels }, by),
    observe: (name, seconds, labels) => histograms.get(name)?.observe({ ...labels }, seconds),
    gauge: (name, read) => void reads.set(name, read),
    render: () => registry.metrics(),
  };
};

const declareAll = (registry: Registry, reads: ReadonlyMap<GaugeName, Read>) => {
  const counters = new Map<CounterName, Counter>();
  const histograms = new Map<HistogramName, Histogram>();
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const metric = METRICS[name];
    const declaration = { name, help: metric.help, labelNames: [...metric.labels], registers: [registry] };
    if (metric.kind === 'counter') counters.set(name as CounterName, new Counter(declaration));
    if (metric.kind === 'histogram') {
      histograms.set(name as HistogramName, new Histogram({ ...declaration, buckets: DURATION_BUCKETS_SECONDS }));
    }
    if (metric.kind === 'gauge') declareGauge(declaration, () => reads.get(name as GaugeName));
  }
  return { counters, histograms };
};

const declareGauge = (
  declaration: { name: string; help: string; labelNames: string[]; registers: Registry[] },
  readOf: () => Read | undefined,
): Gauge =>
  new Gauge({
    ...declaration,
    async collect() {
      this.reset();
      // One without labels would show a 0 now, which nobody has read.
      this.remove({});
      // A gauge that cannot be read is left out: the others are still worth having.
      const readings = await readAll(readOf()).catch(() => []);
      for (const { labels, value } of readings) this.set({ ...labels }, value);
    },
  });

const readAll = async (read: Read | undefined): Promise<readonly AnyReading[]> => (await read?.()) ?? [];
