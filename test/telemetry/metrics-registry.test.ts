import { describe, expect, it } from 'vitest';
import { createMetricsRegistry } from '../../src/telemetry/metrics-registry.ts';

describe('the metrics', () => {
  it('render what was counted and observed, and the process', async () => {
    const metrics = createMetricsRegistry();
    metrics.count('omni_pages_total', { channel: 'discord', outcome: 'stored' });
    metrics.count('omni_pages_total', { channel: 'discord', outcome: 'stored' }, 2);
    metrics.count('omni_dead_letters_total', {});
    metrics.observe('omni_step_duration_seconds', 0.02, { input: 'sync' });
    const text = await metrics.render();
    expect(text).toContain('omni_pages_total{channel="discord",outcome="stored"} 3');
    expect(text).toContain('omni_dead_letters_total 1');
    expect(text).toContain('omni_step_duration_seconds_count{input="sync"} 1');
    expect(text).toContain('process_resident_memory_bytes');
  });

  it('read gauges at each collection and forget labels that are gone', async () => {
    const metrics = createMetricsRegistry();
    let states = [{ labels: { state: 'online' }, value: 2 }];
    metrics.gauge('omni_instances', () => states);
    expect(await metrics.render()).toContain('omni_instances{state="online"} 2');
    states = [{ labels: { state: 'error' }, value: 1 }];
    const text = await metrics.render();
    expect(text).toContain('omni_instances{state="error"} 1');
    expect(text).not.toContain('state="online"');
  });

  it('leave out a gauge that cannot be read, and render the rest', async () => {
    const metrics = createMetricsRegistry();
    metrics.gauge('omni_mailbox_depth', () => Promise.reject(new Error('no database')));
    metrics.gauge('omni_jobs', () => {
      throw new Error('no database');
    });
    metrics.count('omni_outbox_published_total', {});
    expect(await metrics.render()).toContain('omni_outbox_published_total 1');
  });

  it('do not share anything between registries', async () => {
    createMetricsRegistry().count('omni_dead_letters_total', {});
    expect(await createMetricsRegistry().render()).toContain('omni_dead_letters_total 0');
  });
});
