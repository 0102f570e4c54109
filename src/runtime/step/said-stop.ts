import type { InstanceActors } from '../instance-actors.ts';
import type { Report } from '../report.ts';
import type { Mail } from '../work.ts';

/**
 * What the limiter has to know of a report: that the platform wants the instance, or the conversation that was being
 * read, left alone. Null: the report says nothing of the kind, or the job has moved on from that conversation.
 */
export const stopSaidBy = (report: Report, actors: InstanceActors): Mail | null => {
  if (report.type !== 'requestFailed' || report.failure._tag !== 'RateLimited') return null;
  const { jobId, run, usedAt, shutGate } = report;
  const { retryAfterMs } = report.failure;
  if (shutGate) return { to: 'rate-limit', event: { type: 'platformSaidStop', retryAfterMs, usedAt } };
  const walk = actors.jobs.get(jobId)?.context.walk;
  if (walk?.kind !== 'messages' || walk.run !== run) return null;
  return { to: 'rate-limit', event: { type: 'conversationSaidStop', conversation: walk.conversationId, retryAfterMs } };
};

/**
 * Stops that were heard and that no step has committed yet. They outlive an incarnation: the next one would ask at
 * once.
 */
export class UnheededStops {
  readonly #stops = new Map<Report, Mail>();

  get mail(): readonly Mail[] {
    return [...this.#stops.values()];
  }

  hear(report: Report, actors: InstanceActors): void {
    const stop = stopSaidBy(report, actors);
    if (stop !== null) this.#stops.set(report, stop);
  }

  heed(report: Report): void {
    this.#stops.delete(report);
  }

  heedAll(): void {
    this.#stops.clear();
  }
}
