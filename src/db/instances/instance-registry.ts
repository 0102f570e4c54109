import { randomUUID } from 'node:crypto';
import { LockMode, raw } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Credentials } from '../../channels/channel.ts';
import type { ChannelName } from '../../domain/channel-name.ts';
import { Refused } from '../../domain/errors.ts';
import { InstanceId } from '../../domain/ids.ts';
import { partitionOf } from '../../runtime/partition.ts';
import type { InstanceRegistry } from '../../sync/instance-registry.ts';
import { readInstance } from '../catalogue/instances.ts';
import { lockUntilCommit } from '../connection/advisory-lock.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { ChannelAuthEntity } from '../entities/channel-auth-entity.ts';
import { ConversationEntity } from '../entities/conversation-entity.ts';
import { GroupEntity } from '../entities/group-entity.ts';
import { IdentityEntity } from '../entities/identity-entity.ts';
import { InstanceEntity } from '../entities/instance-entity.ts';
import { JobEntity } from '../entities/job-entity.ts';
import { PushEntity } from '../entities/push-entity.ts';
import { credentialsIn, fingerprintOf, textOf } from '../secrets/credentials-text.ts';
import type { SealingKey } from '../secrets/sealing-key.ts';
import { cleanText } from '../values/clean-text.ts';
import { isRefused, noInstance } from '../values/refusals.ts';
import type { Removals } from './removals.ts';

/** Throws `Refused` when another instance holds these credentials. Who asks at the same time waits for our commit. */
const refuseHeld = async (
  em: SqlEntityManager,
  channel: ChannelName,
  fingerprint: string,
  exceptId: InstanceId,
): Promise<void> => {
  await lockUntilCommit(em, `credentials:${channel}:${fingerprint}`);
  const holder = await em.findOne(
    ChannelAuthEntity,
    { channel, fingerprint, instanceId: { $ne: exceptId } },
    { fields: ['instanceId'] },
  );
  if (holder === null) return;
  throw new Refused({
    status: 409,
    code: 'account_taken',
    message: `Instance ${holder.instanceId} already holds this account; an account can be held by one instance only`,
    details: { instanceId: holder.instanceId },
  });
};

const saveCredentials = async (
  em: SqlEntityManager,
  key: SealingKey,
  instanceId: InstanceId,
  channel: ChannelName,
  credentials: Credentials,
): Promise<void> => {
  const fingerprint = fingerprintOf(key, credentials);
  if (fingerprint !== null) await refuseHeld(em, channel, fingerprint, instanceId);
  await em.upsert(ChannelAuthEntity, {
    instanceId,
    channel,
    keyId: key.keyId,
    sealed: key.seal(textOf(credentials), instanceId),
    fingerprint,
  });
};

/** Locks the row of an instance that exists and is not being removed. Throws `Refused`. */
const lockInstance = async (em: SqlEntityManager, id: InstanceId) => {
  const instance = await em.findOne(
    InstanceEntity,
    { id, removingAt: null },
    { fields: ['name', 'channel'], lockMode: LockMode.PESSIMISTIC_WRITE },
  );
  if (instance === null) throw noInstance(id);
  return instance;
};

export const instanceRegistry = (
  connection: EntityConnection,
  key: SealingKey,
  removals: Removals,
): InstanceRegistry => {
  const changed = <A>(body: (em: SqlEntityManager) => Promise<A>) =>
    persevere(() => connection.changes(body), isRefused);
  return {
    create: ({ name, channel, credentials }, at) =>
      changed(async (em) => {
        const id = InstanceId.make(randomUUID());
        await em.insert(InstanceEntity, {
          id,
          name: cleanText(name),
          channel,
          partition: partitionOf(id),
          createdAt: new Date(at),
        });
        await saveCredentials(em, key, id, channel, credentials);
        return readInstance(em, id);
      }),

    update: (id, { name, credentials }) =>
      changed(async (em) => {
        const instance = await lockInstance(em, id);
        if (name !== undefined) instance.name = cleanText(name);
        await em.flush();
        if (credentials !== undefined) await saveCredentials(em, key, id, instance.channel, credentials);
        return readInstance(em, id);
      }),

    contentsOf: (id) =>
      persevere(
        () =>
          connection.entities(async (em) => {
            await readInstance(em, id);
            // Each conversation keeps count of its messages: counting the rows themselves could take minutes.
            const [held] = await em
              .createQueryBuilder(ConversationEntity)
              .select([raw('coalesce(sum(event_count), 0) AS events'), raw('count(*) AS conversations')])
              .where({ instanceId: id })
              .execute<{ events: string; conversations: string }[]>();
            return {
              events: Number(held?.events ?? 0),
              conversations: Number(held?.conversations ?? 0),
              contacts: await em.count(IdentityEntity, { instanceId: id }),
              groups: await em.count(GroupEntity, { instanceId: id }),
              pushes: await em.count(PushEntity, { instanceId: id }),
              jobs: await em.count(JobEntity, { instanceId: id }),
            };
          }),
        isRefused,
      ),

    remove: (id) =>
      changed(async (em) => {
        await lockInstance(em, id);
        await removals.mark(em, id);
      }).pipe(removals.afterwards),

    credentials: (id) =>
      persevere(
        () =>
          connection.forInstances.entities(async (em) => {
            const auth = await em.findOne(
              ChannelAuthEntity,
              { instanceId: id },
              { fields: ['sealed'], disableIdentityMap: true },
            );
            if (auth === null) throw noInstance(id);
            return credentialsIn(key.open(auth.sealed, id));
          }),
        isRefused,
      ),
  };
};
