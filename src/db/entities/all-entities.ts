import { ActorSnapshotEntity } from './actor-snapshot-entity.ts';
import { BookmarkEntity } from './bookmark-entity.ts';
import { ChannelAuthEntity } from './channel-auth-entity.ts';
import { CommandEntity } from './command-entity.ts';
import { ConversationEntity } from './conversation-entity.ts';
import { DeadLetterEntity } from './dead-letter-entity.ts';
import { EventEntity } from './event-entity.ts';
import { GroupEntity } from './group-entity.ts';
import { GroupMemberEntity } from './group-member-entity.ts';
import { IdentityAliasEntity } from './identity-alias-entity.ts';
import { IdentityEntity } from './identity-entity.ts';
import { IdentityLinkEntity } from './identity-link-entity.ts';
import { InstanceEntity } from './instance-entity.ts';
import { InstanceSettingEntity } from './instance-setting-entity.ts';
import { JobEntity } from './job-entity.ts';
import { NodeEntity } from './node-entity.ts';
import { OutboxEntity } from './outbox-entity.ts';
import { PartitionEntity } from './partition-entity.ts';
import { PersonEntity } from './person-entity.ts';
import { PushEntity } from './push-entity.ts';
import { ScheduleRunEntity } from './schedule-run-entity.ts';
import { ScheduleSlotEntity } from './schedule-slot-entity.ts';
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
  GroupEntity,
  GroupMemberEntity,
  IdentityAliasEntity,
  IdentityEntity,
  IdentityLinkEntity,
  InstanceEntity,
  InstanceSettingEntity,
  JobEntity,
  NodeEntity,
  OutboxEntity,
  PartitionEntity,
  PersonEntity,
  ScheduleRunEntity,
  ScheduleSlotEntity,
  PushEntity,
  SecretKeyEntity,
  SettingChangeEntity,
  SettingEntity,
  SpanEntity,
];
