import type { ChannelName } from '../../domain/channel-name.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { SyncTransaction } from '../store.ts';
import type { RecentChanges } from './recent-changes.ts';
import type { WaitingChanges } from './waiting-changes.ts';

/** What a step knows when it stores what the connection brought unasked. */
export interface LiveStoring {
  readonly tx: SyncTransaction;
  readonly instanceId: InstanceId;
  readonly channel: ChannelName;
  /** Whether one account may come under several ids (`ChannelTraits`). */
  readonly hasAliases: boolean;
  readonly changes: RecentChanges;
  /** Null: history is never older than a change that is told live (`ChannelTraits.datesEdits`). */
  readonly waiting: WaitingChanges | null;
  readonly at: number;
}
