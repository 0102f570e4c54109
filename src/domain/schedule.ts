import { Schema } from 'effect';
import { InstanceId, JobId } from './ids.ts';
import type { Settings } from './settings.ts';

/** What is synced on schedule; each is also the type of its jobs. */
export const ScheduleName = Schema.Literals(['contacts', 'groups']);
export type ScheduleName = typeof ScheduleName.Type;

/** What decides when a schedule has its slots. */
export interface ScheduleRule {
  readonly enabled: boolean;
  readonly cron: string;
  /** IANA name */
  readonly timeZone: string;
}

export const ruleOf = (settings: Settings, name: ScheduleName): ScheduleRule => ({
  enabled: settings[`sync.${name}.scheduleEnabled`],
  cron: settings[`sync.${name}.scheduleCron`],
  timeZone: settings['sync.scheduleTimeZone'],
});

/** Which slot of which schedule a command settles its instance's share in. */
export interface SlotClaim {
  readonly schedule: ScheduleName;
  /** ms */
  readonly slotAt: number;
}

/** Why an instance's share in a slot came to nothing. */
export const SkipReason = Schema.Literals(['not_connected', 'disabled', 'sync_active', 'refused']);
export type SkipReason = typeof SkipReason.Type;

const Counts = Schema.Struct({
  instances: Schema.Number.annotate({ description: 'How many were connected when the slot came.' }),
  due: Schema.Number.annotate({ description: 'Those whose turn within the spread has not come yet.' }),
  active: Schema.Number,
  completed: Schema.Number,
  failed: Schema.Number,
  cancelled: Schema.Number,
  skipped: Schema.Number,
});

export const RunOutcome = Schema.Literals(['running', 'completed', 'partial', 'failed', 'skipped', 'empty']);
export type RunOutcome = typeof RunOutcome.Type;

/** What a run has come to, in one word. */
export const outcomeOf = ({ instances, due, active, completed, skipped }: typeof Counts.Type): RunOutcome => {
  if (instances === 0) return 'empty';
  if (due + active > 0) return 'running';
  if (completed === instances) return 'completed';
  if (skipped === instances) return 'skipped';
  return completed > 0 ? 'partial' : 'failed';
};

/** A schedule as the API shows it. Times in ISO 8601. */
export const ScheduleView = Schema.Struct({
  name: ScheduleName,
  enabled: Schema.Boolean,
  cron: Schema.String,
  timeZone: Schema.String,
  spreadMinutes: Schema.Number,
  lastRun: Schema.NullOr(
    Schema.Struct({
      trigger: Schema.Literals(['schedule', 'manual']).annotate({ description: 'The clock, or a person.' }),
      outcome: RunOutcome.annotate({
        description:
          'running: some jobs are due or at work; completed: all are; partial: some are; failed: none is; skipped: for no account was there one to start; empty: no account was connected that takes part.',
      }),
      slotAt: Schema.String.annotate({ description: 'When it was due, or asked for.' }),
      openedAt: Schema.String.annotate({
        description: 'When it began: much later than it was due, if nothing ran at that time.',
      }),
      ...Counts.fields,
      skipReasons: Schema.Record(Schema.String, Schema.Number),
    }),
  ),
  nextRunAt: Schema.NullOr(Schema.String),
});
export type ScheduleView = typeof ScheduleView.Type;

/** What running a schedule at once has come to for one instance. */
export const RunNow = Schema.Struct({
  instanceId: InstanceId,
  outcome: Schema.Literals(['started', 'skipped']),
  /** Of `sync_active`: the job that is at work already. */
  jobId: Schema.NullOr(JobId),
  reason: Schema.NullOr(Schema.String),
});
export type RunNow = typeof RunNow.Type;
