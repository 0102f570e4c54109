import { Schema } from 'effect';
import { GroupKind } from '../../domain/group.ts';
import { GroupView, MemberView } from '../../domain/group-view.ts';
import { GroupId } from '../../domain/ids.ts';
import { IdentityView } from '../../domain/person-view.ts';
import { route } from '../route.ts';
import { many } from '../shape.ts';
import { Flag, given, ofInstance, pageFields, pageOf, Search } from './fields.ts';

const includeLeft = Schema.optionalKey(
  Flag.annotate({ description: 'Whether to list what is gone, too. Default false.' }),
);

export const contactAndGroupRoutes = [
  route({
    method: 'GET',
    path: '/instances/:instanceId/contacts',
    summary: 'Lists the contacts of an account, or finds them by name, handle, phone or the platform’s id.',
    params: ofInstance,
    query: Schema.Struct({ ...pageFields, search: Schema.optionalKey(Search), includeLeft }),
    answer: many(IdentityView),
    handle: ({ params: { instanceId }, query }, deps) =>
      deps.people.contacts(
        instanceId,
        { ...given('search', query.search), ...given('includeLeft', query.includeLeft) },
        pageOf(query),
      ),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/groups',
    summary: 'Lists the groups of an account: groups and communities of WhatsApp, guilds and channels of Discord.',
    params: ofInstance,
    query: Schema.Struct({
      ...pageFields,
      search: Schema.optionalKey(Search),
      kind: Schema.optionalKey(GroupKind),
      includeLeft,
    }),
    answer: many(GroupView),
    handle: ({ params: { instanceId }, query }, deps) =>
      deps.people.groups(
        instanceId,
        { ...given('search', query.search), ...given('kind', query.kind), ...given('includeLeft', query.includeLeft) },
        pageOf(query),
      ),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/groups/:groupId/members',
    summary:
      'Lists the members of a group with the persons behind them, or finds them as contacts are found, or by nick.',
    params: Schema.Struct({ ...ofInstance.fields, groupId: GroupId }),
    query: Schema.Struct({ ...pageFields, search: Schema.optionalKey(Search), includeLeft }),
    answer: many(MemberView),
    handle: ({ params: { instanceId, groupId }, query }, deps) =>
      deps.people.members(
        instanceId,
        groupId,
        { ...given('search', query.search), ...given('includeLeft', query.includeLeft) },
        pageOf(query),
      ),
  }),
];
