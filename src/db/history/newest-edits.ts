import { isLaterEdit, type Message } from '../../domain/message.ts';
import { cleanText } from '../values/clean-text.ts';

/** The newest edit of each external id, in the order of the ids. */
export const newestEdits = (messages: readonly Message[]): readonly (readonly [string, Message])[] => {
  const newest = new Map<string, Message>();
  for (const message of messages) {
    const id = cleanText(message.externalId);
    const known = newest.get(id);
    if (known === undefined || isLaterEdit(message, known)) newest.set(id, message);
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1));
};
