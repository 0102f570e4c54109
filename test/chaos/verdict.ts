import type { JobEvent } from '../harness/api-client.ts';
import type { ChaosOptions, Outcome } from './chaos-run.ts';
import { some } from './report.ts';

/** A walk has at most one page under way and one of look-ahead. */
const PAGES_PER_KILL = 2;

const wrongEvents = (events: readonly JobEvent[]): readonly string[] => {
  const ids = events.flatMap(({ id }) => (id === null || id === 'end' ? [] : [Number(id)]));
  const count = (name: string) => events.filter((event) => event.name === name).length;
  return [
    ...(ids.every((id, index) => index === 0 || id > (ids[index - 1] as number)) ? [] : ['events are out of order']),
    ...['sync.started', 'sync.completed'].flatMap((name) => (count(name) === 1 ? [] : [`${count(name)} × ${name}`])),
  ];
};

/** Nothing else changed the rows: then the figures of the job must be those of the platform. */
const wrongFigures = ({ job, comparison, pages }: Outcome): readonly string[] => {
  const { fetched, stored, duplicates } = job.progress;
  const { expected } = comparison;
  return [
    ...(stored === expected && fetched === expected && duplicates === 0
      ? []
      : [`the job says ${fetched} fetched, ${stored} stored, ${duplicates} duplicates of ${expected}`]),
    ...(job.progress.pages === pages.distinct ? [] : [`the job says ${job.progress.pages} of ${pages.distinct} pages`]),
  ];
};

/** Everything that is wrong with an outcome; empty: nothing. */
export const problemsOf = (outcome: Outcome, { live }: Pick<ChaosOptions, 'live'>): readonly string[] => {
  const { job, comparison, deleted, pages, events } = outcome;
  const { missing, surplus, doubled, different } = comparison;
  return [
    ...(job.status === 'completed' ? [] : [`the job ${job.status}: ${job.errorMessage ?? 'no message'}`]),
    ...some('missing', missing),
    ...some('too many', live ? surplus.filter((id) => !deleted.has(id)) : surplus),
    ...some('double', doubled),
    ...some('different', different),
    ...(live || pages.mostAgain <= PAGES_PER_KILL ? [] : [`${pages.mostAgain} pages again after one kill`]),
    ...wrongEvents(events),
    ...(live ? [] : wrongFigures(outcome)),
  ];
};
