import { ACCOUNT_ROUTES } from './account-routes.ts';
import { CHANNEL_ROUTES } from './channel-routes.ts';
import { GUILD_ROUTES } from './guild-routes.ts';
import { MESSAGE_ROUTES } from './message-routes.ts';
import type { Route } from './route.ts';

export interface MatchedRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

const TABLE = [...MESSAGE_ROUTES, ...CHANNEL_ROUTES, ...GUILD_ROUTES, ...ACCOUNT_ROUTES].map((route) => ({
  route,
  segments: route.template.split('/'),
}));

/** The route of a path below `/api/v10`, or null. Literal segments win over parameters by their place in the table. */
export const matchRoute = (path: string): MatchedRoute | null => {
  const given = path.split('/');
  for (const { route, segments } of TABLE) {
    if (segments.length !== given.length) continue;
    if (!segments.every((segment, at) => segment === given[at] || (segment.startsWith(':') && given[at] !== '')))
      continue;
    const named = segments.flatMap((segment, at) =>
      segment.startsWith(':') ? [[segment.slice(1), given[at] ?? ''] as const] : [],
    );
    return { route, params: Object.fromEntries(named) };
  }
  return null;
};
