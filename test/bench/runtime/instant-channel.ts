import { Effect } from 'effect';
import type { Channel } from '../../../src/channels/channel.ts';
import type { InstanceId } from '../../../src/domain/ids.ts';
import { noPeople } from '../../harness/no-people.ts';

/** A platform that takes every login at once, and holds no conversations. `opened` hears of each connection. */
export const instantChannel = (opened: (id: InstanceId) => void): Channel => ({
  name: 'discord',
  traits: { readsBelow: 'anything', pairs: false, hasAliases: false, requestsAtOnce: null, datesEdits: true },
  refuseCredentials: () => null,
  open: ({ instanceId, report }) =>
    Effect.sync(() => {
      opened(instanceId);
      report({ type: 'connectionOpened', account: { externalId: instanceId, name: null }, continuity: instanceId });
      return {
        directory: { read: () => Effect.never },
        history: { pageSize: 100, read: () => Effect.never },
        contacts: noPeople,
        groups: noPeople,
        pushed: null,
        logOut: Effect.void,
      };
    }),
});
