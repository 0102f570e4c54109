import type { Route } from './route.ts';
import { connectionRoutes } from './routes/connection.ts';
import { debugRoutes } from './routes/debug.ts';
import { documentRoutes } from './routes/documents.ts';
import { groupRoutes } from './routes/groups.ts';
import { instanceSettingRoutes } from './routes/instance-settings.ts';
import { instanceRoutes } from './routes/instances.ts';
import { operationRoutes } from './routes/operations.ts';
import { pairingRoutes } from './routes/pairing.ts';
import { peopleRoutes } from './routes/people.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { settingRoutes } from './routes/settings.ts';
import { storedRoutes } from './routes/stored.ts';
import { syncRoutes } from './routes/sync.ts';

const described: readonly Route[] = [
  ...instanceRoutes,
  ...connectionRoutes,
  ...pairingRoutes,
  ...syncRoutes,
  ...storedRoutes,
  ...groupRoutes,
  ...peopleRoutes,
  ...settingRoutes,
  ...instanceSettingRoutes,
  ...scheduleRoutes,
  ...debugRoutes,
  ...operationRoutes,
];

/** Everything the API answers. */
export const ROUTES: readonly Route[] = [...described, ...documentRoutes(described)];
