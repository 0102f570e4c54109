import { Denied } from './denied.ts';
import { fullPathsOf } from './openapi.ts';
import type { Method } from './route.ts';
import { ROUTES } from './routes.ts';

const PATTERNS = ROUTES.flatMap((route) =>
  fullPathsOf(route).map((path) => ({
    method: route.method,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
  })),
);

/** 405 if the path is there with other methods, otherwise 404. */
export const notFound = (method: string, url: string): Denied => {
  const path = url.split('?')[0] ?? '';
  const allowed: Method[] = PATTERNS.filter(({ pattern }) => pattern.test(path)).map((route) => route.method);
  if (allowed.length > 0) {
    const allow = [...new Set(allowed)].join(', ');
    return new Denied({
      status: 405,
      code: 'method_not_allowed',
      message: `${method} is not for this path; allowed: ${allow}.`,
      headers: { allow },
      details: { allowed },
    });
  }
  return new Denied({
    status: 404,
    code: 'not_found',
    message: 'There is nothing at this path. The API is described at /docs.',
  });
};
