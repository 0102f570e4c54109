import type { MessageWalk } from '../../../machines/sync-job-context.ts';
import type { MessagePage } from '../../channels/channel.ts';
import type { StopReason } from '../../domain/stop-reason.ts';

type Bounds = Pick<MessageWalk, 'floor'>;

/**
 * Why a walk ends with this page; null: it goes on. The walk that fetches and the step that stores ask the
 * same question, so neither has to tell the other.
 */
export const endOf = (walk: Bounds, page: MessagePage): StopReason | null => {
  const { floor } = walk;
  const { oldest } = page;
  if (oldest !== null && oldest.at < floor.at) return 'depth_reached';
  if (floor.id !== null && page.messages.some((message) => message.externalId === floor.id)) return 'depth_reached';
  if (page.atStart) return 'start_of_history';
  if (oldest !== null) return null;
  // Entries without a place, and no word about the start: nothing that could be called read.
  return page.malformed.length > 0 ? 'platform_error' : 'start_of_history';
};
