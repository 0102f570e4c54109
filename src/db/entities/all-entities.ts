import { ActorSnapshotEntity } from './actor-snapshot-entity.ts';
import { BookmarkEntity } from './bookmark-entity.ts';
import { ChannelAuthEntity } from './channel-auth-entity.ts';
import { CommandEntity } from './command-entity.ts';
import { ConversationEntity } from './conversation-entity.ts';
import { DeadLetterEntity } from './dead-letter-entity.ts';
import { EventEntity } from './event-entity.ts';
import { InstanceEntity } from './instance-entity.ts';
import { InstanceSettingEntity } from './instance-setting-entity.ts';
import { JobEntity } from './job-entity.ts';
import { NodeEntity } from './node-entity.ts';
import { OutboxEntity } from './outbox-entity.ts';
import { PartitionEntity } from './partition-entity.ts';
import { SecretKeyEntity } from './secret-key-entity.ts';
import { SettingChangeEntity } from './setting-change-entity.ts';
import { SettingEntity } from './setting-entity.ts';
import { SpanEntity } from './span-entity.ts';

export const ALL_ENTITIES = [
  ActorSnapshotEntity,
  BookmarkEntity,
  ChannelAuthEntity,
  CommandEntity,
  ConversationEntity,
  DeadLetterEntity,
  EventEntity,
  InstanceEntity,
  InstanceSettingEntity,
  JobEntity,
  NodeEntity,
  OutboxEntity,
  PartitionEntity,
  SecretKeyEntity,
  SettingChangeEntity,
  SettingEntity,
  SpanEntity,
];
