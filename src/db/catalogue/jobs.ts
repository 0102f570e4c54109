import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Schema } from 'effect';
import type { ChannelName } from '../../domain/channel-name.ts';
import { Refused } from '../../domain/errors.ts';
import { type InstanceId, JobId } from '../../domain/ids.ts';
import { configViewOf, type JobView, waitingForViewOf } from '../../domain/job.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { InstanceEntity } from '../entities/instance-entity.ts';
import { JobEntity } from '../entities/job-entity.ts';
import { beyond } from '../values/beyond.ts';
import { keysetCursor, pageOf } from '../values/keyset-cursor.ts';
import { isRefused } from '../values/refusals.ts';
import type { Row } from '../values/row.ts';
import { given } from './given.ts';
import { readInstance } from './instances.ts';

/** Without the state of its machine, which may be long. */
const FIELDS = [
  'id',
  'instanceId',
  'type',
  'status',
  'config',
  'progress',
  'waitingFor',
  'errorMessage',
  'createdAt',
  'startedAt',
  'completedAt',
] as const;

const viewOf = (row: Row<typeof JobEntity, (typeof FIELDS)[number]>): JobView => ({
  jobId: row.id,
  instanceId: row.instanceId,
  type: row.type,
  status: row.status,
  config: configViewOf(row.config),
  progress: row.progress,
  waitingFor: row.waitingFor ? waitingForViewOf(row.waitingFor) : null,
  errorMessage: row.errorMessage ?? null,
  createdAt: row.createdAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  completedAt: row.completedAt?.toISOString() ?? null,
});

/** Instances that are not being removed. */
const living = (em: SqlEntityManager, channel: ChannelName | undefined) =>
  em
    .createQueryBuilder(InstanceEntity)
    .select('id')
    .where({ removingAt: null, ...given({ channel }) });

const JobKey = keysetCursor(Schema.Struct({ createdAt: Schema.Number, id: JobId }));

const noJob = (instanceId: InstanceId, jobId: JobId): Refused =>
  new Refused({
    status: 404,
    code: 'job_not_found',
    message: `Instance ${instanceId} has no sync ${jobId}; GET /api/v2/instances/${instanceId}/sync lists what it has`,
    details: { field: 'jobId' },
  });

/** Newest first. */
export const jobCatalogue = (connection: EntityConnection): Pick<Catalogue, 'jobs' | 'job'> => ({
  job: (instanceId, jobId) =>
    persevere(
      () =>
        connection.entities(async (em) => {
          await readInstance(em, instanceId);
          const row = await em.findOne(
            JobEntity,
            { id: jobId, instanceId },
            { fields: FIELDS, disableIdentityMap: true },
          );
          if (row === null) throw noJob(instanceId, jobId);
          return viewOf(row);
        }),
      isRefused,
    ),

  jobs: ({ instanceId, channel, status, type }, page) =>
    persevere(async () => {
      const after = JobKey.read(page.cursor);
      const rows = await connection.entities(async (em) => {
        if (instanceId !== undefined) await readInstance(em, instanceId);
        return em.find(
          JobEntity,
          {
            instanceId: { $in: living(em, channel), ...given({ $eq: instanceId }) },
            ...given({ status, type }),
            ...beyond('created_at, id', 'before', after && { at: after.createdAt, id: after.id }),
          },
          {
            fields: FIELDS,
            orderBy: { createdAt: 'desc', id: 'desc' },
            limit: page.limit + 1,
            disableIdentityMap: true,
          },
        );
      });
      return pageOf(rows, page.limit, viewOf, ({ createdAt, id }) =>
        JobKey.write({ createdAt: createdAt.getTime(), id }),
      );
    }, isRefused),
});
