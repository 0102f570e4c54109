import { Deferred, Effect, Queue } from 'effect';
import type { PlatformFailure } from '../../channels/platform-failure.ts';
import type { KeptPush } from '../../channels/session-vault.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Fence } from '../../runtime/fence.ts';
import type { PushReport } from '../../runtime/report.ts';
import type { PushAssignment } from '../../runtime/work.ts';
import type { SyncStore } from '../store.ts';

/** How long the next try of a push waits, ms: one that cannot be read now may be later. */
const UNREACHABLE_MS = 15_000;
const BAD_ANSWER_MS = 2_000;

export interface WorkOff extends Omit<PushAssignment, 'report'> {
  readonly report: (report: PushReport) => void;
  readonly store: Pick<SyncStore, 'beginPush'>;
  readonly instanceId: InstanceId;
  readonly fence: Fence;
}

/**
 * Works off what was pushed: one at a time and in the order in which it came, since the later builds on the earlier,
 * and one push may be large. The next begins when the step that stored the last has committed.
 */
export const workOff = ({ store, instanceId, fence, reader, arrivals, report }: WorkOff): Effect.Effect<void> => {
  const settle = (report_: (settled: () => void) => PushReport): Effect.Effect<void> =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<void>();
      report(report_(() => Deferred.doneUnsafe(done, Effect.void)));
      yield* Deferred.await(done);
    });

  const workOffOne = (push: KeptPush): Effect.Effect<void> =>
    Effect.gen(function* () {
      const read = yield* Effect.result(reader.read(push));
      if (read._tag === 'Success') {
        return yield* settle((settled) => ({ type: 'pushRead', pushId: push.id, history: read.success, settled }));
      }
      const { failure } = read;
      yield* settle((settled) => ({ type: 'pushFailed', pushId: push.id, failure, settled }));
      yield* Effect.sleep(isPassing(failure) ? UNREACHABLE_MS : BAD_ANSWER_MS);
    });

  const next = Effect.gen(function* () {
    // A database that is away comes back; a lost fence ends all this from outside.
    const push = yield* store.beginPush(instanceId, fence).pipe(
      Effect.tapError(() => Effect.sleep('1 second')),
      Effect.eventually,
    );
    yield* push === null ? Queue.take(arrivals) : workOffOne(push);
  });
  return Effect.forever(next);
};

/** Whether a failure says nothing about the push itself. */
export const isPassing = ({ _tag }: PlatformFailure): boolean => _tag !== 'BadAnswer' && _tag !== 'AccessDenied';
