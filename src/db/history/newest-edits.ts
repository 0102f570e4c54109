import type { Message } from '../../domain/message.ts';
import { cleanText } from '../values/clean-text.ts';

/**
 * The newest edit of each external id, in the order of the ids. Of two with one date the one that came later wins:
 * platforms tell whole seconds.
 */
export const newestEdits = (messages: readonly Message[]): readonly (readonly [string, Message])[] => {
  const newest = new Map<string, Message>();
  for (const message of messages) {
    const id = cleanText(message.externalId);
    const known = newest.get(id);
    if (known === undefined || (message.editedAt ?? 0) >= (known.editedAt ?? 0)) newest.set(id, message);
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1));
};
