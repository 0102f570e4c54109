import type { NewPush } from '../../session-vault.ts';
import type { AuthState } from '../keys/auth-state.ts';
import type { AwaitedAnswers } from './awaited-answers.ts';
import type { IncomingHistory } from './incoming-history.ts';
import { keptNotification } from './kept-notification.ts';
import type { OwnNews } from './own-news.ts';

export interface KeptWith {
  readonly awaited: AwaitedAnswers;
  readonly incoming: IncomingHistory;
  readonly now: () => number;
  /** What is added becomes durable with the next keys that are set (`AuthState.keeping`). */
  readonly pushes: NewPush[];
  readonly setKeys: AuthState['keys']['set'];
}

/** Keeps the news, or finds whoever waits for it; the caller hands it over once everything else is durable. */
export const keepNews = async (
  news: OwnNews,
  { awaited, incoming, now, pushes, setKeys }: KeptWith,
): Promise<() => void> => {
  const { history, appStateKeys } = news;
  if (Object.keys(appStateKeys).length > 0) await setKeys({ 'app-state-sync-key': appStateKeys });
  if (history === null) return () => {};
  const take = awaited.claim(history);
  if (take !== null) return () => take(history);
  pushes.push(keptNotification(history));
  incoming.came(history, now());
  return () => {};
};
