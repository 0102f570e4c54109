import type { Route } from './route.ts';
import { connectionRoutes } from './routes/connection.ts';
import { contactAndGroupRoutes } from './routes/contacts-and-groups.ts';
import { debugRoutes } from './routes/debug.ts';
import { documentRoutes } from './routes/documents.ts';
import { historyRoutes } from './routes/history.ts';
import { instanceSettingRoutes } from './routes/instance-settings.ts';
import { instanceRoutes } from './routes/instances.ts';
import { operationRoutes } from './routes/operations.ts';
import { pairingRoutes } from './routes/pairing.ts';
import { personRoutes } from './routes/persons.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { settingRoutes } from './routes/settings.ts';
import { syncRoutes } from './routes/sync.ts';

const described: readonly Route[] = [
  ...instanceRoutes,
  ...connectionRoutes,
  ...pairingRoutes,
  ...syncRoutes,
  ...historyRoutes,
  ...contactAndGroupRoutes,
  ...personRoutes,
  ...settingRoutes,
  ...instanceSettingRoutes,
  ...scheduleRoutes,
  ...debugRoutes,
  ...operationRoutes,
];

/** Everything the API answers. */
export const ROUTES: readonly Route[] = [...described, ...documentRoutes(described)];
