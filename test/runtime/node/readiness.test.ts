import { Effect } from 'effect';
import { expect, it } from 'vitest';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import { readinessOf } from '../../../src/runtime/node/readiness.ts';

const away = Effect.fail(new StoreUnavailable({ cause: 'away' }));
const ready = (isTrusted: boolean, ping: Effect.Effect<void, StoreUnavailable>) =>
  Effect.runPromise(
    readinessOf({ isTrusted: () => isTrusted, ownedPartitions: () => [1, 2] }, ping, () => 'connected'),
  );

it('is ready while the database answers and the lease is trusted, and says what fails', async () => {
  expect(await ready(true, Effect.void)).toEqual({
    ready: true,
    checks: { database: 'ok', lease: 'ok', mailbox: 'connected', partitions: '2 of 64' },
  });
  expect(await ready(false, Effect.void)).toMatchObject({ ready: false, checks: { database: 'ok', lease: 'lost' } });
  expect(await ready(true, away)).toMatchObject({ ready: false, checks: { database: 'away', lease: 'ok' } });
});
