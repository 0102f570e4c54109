import { Effect } from 'effect';
import type { Parts } from '../../../src/app.ts';
import type { Database } from '../../../src/db/database.ts';
import type { Command } from '../../../src/domain/command.ts';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import type { RuntimeStore } from '../../../src/runtime/store/runtime-store.ts';
import type { SyncTransaction } from '../../../src/sync/store.ts';
import type { Point } from './strike.ts';
import type { Striker } from './striker.ts';

type Store = RuntimeStore<SyncTransaction>;

const unknown = (point: Point) => new StoreUnavailable({ cause: `a strike at ${point}` });

const isStruck = (striker: Striker, point: Point, command: Command | null = null): boolean => {
  const blow = striker.visit(point, command);
  if (blow === 'throw') throw new Error(`A strike at ${point}`);
  return blow === 'fail';
};

/** Strikes after `work`: whatever it did stays done, and nobody hears of it. */
const struckAfter = <A, E>(striker: Striker, point: Point, work: Effect.Effect<A, E>) =>
  Effect.flatMap(work, (answer) =>
    Effect.suspend(() => (isStruck(striker, point) ? Effect.fail(unknown(point)) : Effect.succeed(answer))),
  );

/** Strikes before `work`, which is not done then. */
const struckBefore = <A, E>(striker: Striker, point: Point, work: Effect.Effect<A, E>) =>
  Effect.suspend(
    (): Effect.Effect<A, E | StoreUnavailable> => (isStruck(striker, point) ? Effect.fail(unknown(point)) : work),
  );

/**
 * A step that is struck when all of it is decided and written, and nothing committed; and right after its commit. The
 * command is the one that the step runs; none in the step that gives it up as a dead letter.
 */
const faultyStep =
  (striker: Striker, step: Store['step']): Store['step'] =>
  (fence, body) => {
    const decided = step(fence, async (tx) => {
      let command: Command | null = null;
      const answer = await body({
        ...tx,
        finishCommand: (instanceId, letter) => {
          command = letter.command;
          return tx.finishCommand(instanceId, letter);
        },
        addDeadLetter: (dead) => {
          command = null;
          return tx.addDeadLetter(dead);
        },
      });
      if (isStruck(striker, 'before-commit', command)) throw unknown('before-commit');
      return answer;
    });
    return struckAfter(striker, 'after-commit', decided);
  };

const faultyStore = (striker: Striker, store: Store): Store => {
  const { leases } = store;
  const release = <A, E>(work: Effect.Effect<A, E>) => struckBefore(striker, 'release', work);
  return {
    ...store,
    step: faultyStep(striker, store.step),
    leases: {
      ...leases,
      claim: (node, held, wanted, versions) =>
        Effect.flatMap(leases.claim(node, held, wanted, versions), (fences) =>
          fences.length === 0 ? Effect.succeed(fences) : struckAfter(striker, 'takeover', Effect.succeed(fences)),
        ),
      claimAll: (node) => struckAfter(striker, 'takeover', leases.claimAll(node)),
      release: (node, fences) => release(leases.release(node, fences)),
      leave: (node) => release(leases.leave(node)),
    },
  };
};

/** The real database, which strikes at the points that lie around its transactions. */
export const faultyDatabase =
  (striker: Striker, open: Parts['openDatabase']): Parts['openDatabase'] =>
  (options) =>
    Effect.map(
      open(options),
      (database): Database => ({
        ...database,
        runtime: faultyStore(striker, database.runtime),
      }),
    );
