import { Foundation } from './0001-foundation.ts';
import { Messages } from './0002-messages.ts';
import { People } from './0003-people.ts';
import { Schedules } from './0004-schedules.ts';
import { Sessions } from './0005-sessions.ts';
import { WaitingChanges } from './0006-waiting-changes.ts';
import { RunsByHand } from './0007-runs-by-hand.ts';
import { DirectNewest } from './0008-direct-newest.ts';
import { Signposts } from './0009-signposts.ts';
import { DirectConversations } from './0010-direct-conversations.ts';
import { CommandsByNumber } from './0011-commands-by-number.ts';
import { NodeVersions } from './0012-node-versions.ts';
import { BroughtOver } from './0013-brought-over.ts';
import { LetGo } from './0014-let-go.ts';
import { FinishedJobs } from './0015-finished-jobs.ts';

/** In the order in which they run. A migration that was released is never changed: the next one corrects it. */
export const ALL_MIGRATIONS = [
  { name: '0001-foundation', class: Foundation },
  { name: '0002-messages', class: Messages },
  { name: '0003-people', class: People },
  { name: '0004-schedules', class: Schedules },
  { name: '0005-sessions', class: Sessions },
  { name: '0006-waiting-changes', class: WaitingChanges },
  { name: '0007-runs-by-hand', class: RunsByHand },
  { name: '0008-direct-newest', class: DirectNewest },
  { name: '0009-signposts', class: Signposts },
  { name: '0010-direct-conversations', class: DirectConversations },
  { name: '0011-commands-by-number', class: CommandsByNumber },
  { name: '0012-node-versions', class: NodeVersions },
  { name: '0013-brought-over', class: BroughtOver },
  { name: '0014-let-go', class: LetGo },
  { name: '0015-finished-jobs', class: FinishedJobs },
];
