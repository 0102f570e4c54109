import { Refused } from '../../domain/errors.ts';

export const isRefused = (error: unknown): error is Refused => error instanceof Refused;

/** What an instance that does not exist, or is being removed, is answered with. */
export const noInstance = (instanceId: string): Refused =>
  new Refused({
    status: 404,
    code: 'instance_not_found',
    message: `There is no instance ${instanceId}; GET /api/v2/instances lists those there are`,
    details: { field: 'instanceId' },
  });
