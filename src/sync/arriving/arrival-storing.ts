import type { ChannelName } from '../../domain/channel-name.ts';
import type { ChangeStoring } from '../changes/store-changes.ts';
import type { Leftovers } from './leftovers.ts';

/** What a step knows when it stores what the connection brought unasked, live or pushed. */
export interface ArrivalStoring extends ChangeStoring {
  readonly channel: ChannelName;
  /** Whether one account may come under several ids (`ChannelTraits`). */
  readonly hasAliases: boolean;
  readonly leftovers: Leftovers;
}
