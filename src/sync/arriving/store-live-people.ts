import type { ConnectionReport } from '../../channels/channel.ts';
import type { ArrivalStoring } from './arrival-storing.ts';

type PeopleReport = Extract<
  ConnectionReport,
  { type: 'contactsArrived' | 'groupsChanged' | 'groupsAmended' | 'membersJoined' | 'membersLeft' | 'groupsLeft' }
>;

/** Contacts, groups and members that came unasked. */
export const storeLivePeople = async (
  { tx, instanceId, channel, at }: ArrivalStoring,
  report: PeopleReport,
): Promise<void> => {
  switch (report.type) {
    case 'contactsArrived':
      await tx.storeContacts(instanceId, channel, report.contacts, at);
      return;
    case 'groupsChanged':
      await tx.storeGroups(instanceId, report.groups, at);
      for (const { groupExternalId, members } of report.members) {
        await tx.storeMembers(instanceId, groupExternalId, members, at, 'all');
      }
      return;
    case 'groupsAmended':
      await tx.amendGroups(instanceId, report.groups, at);
      return;
    case 'membersJoined':
      await tx.storeMembers(instanceId, report.members.groupExternalId, report.members.members, at);
      return;
    case 'membersLeft':
      await tx.markMembersLeft(instanceId, report.groupExternalId, report.contactExternalIds, at);
      return;
    case 'groupsLeft':
      await tx.markGroupsLeft(instanceId, report.externalIds, at);
      return;
  }
};
