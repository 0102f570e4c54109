import { Effect, Schema } from 'effect';
import { InstanceId } from '../../domain/ids.ts';
import { RunNow, ScheduleName, ScheduleView } from '../../domain/schedule.ts';
import { route } from '../route.ts';
import { accepted, many } from '../shape.ts';

const MOST_INSTANCES = 1000;

export const scheduleRoutes = [
  route({
    method: 'GET',
    path: '/schedules',
    summary: 'Lists the schedules with their last run, what came of it, and the next run.',
    answer: many(ScheduleView),
    handle: (_input, deps) => Effect.map(deps.schedules.views, (items) => ({ items, cursor: null })),
  }),
  route({
    method: 'POST',
    path: '/schedules/:name/run',
    summary: 'Runs a schedule now, for the accounts named or for all that are connected.',
    params: Schema.Struct({ name: ScheduleName }),
    body: Schema.Struct({
      instanceIds: Schema.optionalKey(
        Schema.Array(InstanceId).check(Schema.isMinLength(1), Schema.isMaxLength(MOST_INSTANCES)),
      ),
    }),
    answer: accepted(Schema.Struct({ schedule: ScheduleName, jobs: Schema.Array(RunNow) })),
    handle: ({ params: { name }, body: { instanceIds } }, deps) =>
      Effect.map(deps.schedules.runNow(name, instanceIds === undefined ? null : [...new Set(instanceIds)]), (jobs) => ({
        schedule: name,
        jobs,
      })),
  }),
];
