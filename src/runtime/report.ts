import type { ConnectionReport, DirectoryPage, MessagePage, PeoplePage, PushedHistory } from '../channels/channel.ts';
import type { PlatformFailure } from '../channels/platform-failure.ts';
import type { JobId } from '../domain/ids.ts';

/**
 * What an activity tells its instance. `usedAt` is when a request left, ms. `run` is the activity's own: a report that
 * carries another run than the snapshot names is stale and dropped, which is what makes cancel, pause and restart safe
 * while a page is still under way.
 */
export type Report =
  | { readonly type: 'connection'; readonly run: string; readonly report: ConnectionReport }
  | PushReport
  | AliasReport
  | WalkReport;

/** What became of something that was pushed. `settled` is called once the step that stored it has committed. */
export type PushReport = { readonly pushId: number; readonly settled: () => void } & (
  | { readonly type: 'pushRead'; readonly history: PushedHistory }
  | { readonly type: 'pushFailed'; readonly failure: PlatformFailure }
);

/**
 * Aliases have still something to bring over. `settled` is called once the step that brought some of it has
 * committed.
 */
export interface AliasReport {
  readonly type: 'aliasesLeft';
  readonly settled: () => void;
}

export type WalkReport =
  | {
      readonly type: 'listingFetched';
      readonly jobId: JobId;
      readonly run: string;
      readonly page: DirectoryPage;
      readonly usedAt: number;
    }
  | {
      readonly type: 'surveyFetched';
      readonly jobId: JobId;
      readonly run: string;
      readonly page: PeoplePage;
      readonly usedAt: number;
    }
  | {
      readonly type: 'pageFetched';
      readonly jobId: JobId;
      readonly run: string;
      readonly page: MessagePage;
      /** The live connection's continuity when the request left. */
      readonly continuity: string | null;
      readonly usedAt: number;
    }
  | {
      readonly type: 'requestFailed';
      readonly jobId: JobId;
      readonly run: string;
      readonly failure: PlatformFailure;
      /** Whether the gate was shut for it: it opens again when the step has committed and its walks are reconciled. */
      readonly shutGate: boolean;
      readonly usedAt: number;
    };
