import { defineEntity, p } from '@mikro-orm/core';
import type { MemberRole } from '../../domain/group.ts';
import type { GroupId } from '../../domain/ids.ts';

export const GroupMemberEntity = defineEntity({
  name: 'GroupMember',
  tableName: 'group_members',
  properties: {
    groupId: p.uuid().$type<GroupId>().primary(),
    contactExternalId: p.string().primary(),
    role: p.string().$type<MemberRole>(),
    nick: p.text().nullable(),
    joinedAt: p.datetime().nullable(),
    leftAt: p.datetime().nullable(),
    updatedAt: p.datetime(),
  },
});
