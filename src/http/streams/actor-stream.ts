import { Effect } from 'effect';
import type { InstanceId } from '../../domain/ids.ts';
import type { HttpDeps } from '../http-deps.ts';
import type { Failure } from '../problem.ts';
import type { Follower } from '../shape.ts';
import type { EventStream } from './event-stream.ts';
import { follow } from './follow.ts';

/** At most five trees a second, however many steps there are. */
const EVERY_MS = 200;

/** The tree of an instance after each of its steps. What a slow reader misses is superseded anyway. */
export const actorStream = (deps: HttpDeps, instanceId: InstanceId): Effect.Effect<Follower, Failure> =>
  Effect.as(deps.inspector.actor(instanceId), (stream: EventStream) => {
    const advance = async (): Promise<'idle'> => {
      stream.send({ name: 'actors', data: await Effect.runPromise(deps.inspector.actor(instanceId)) });
      return 'idle';
    };
    const subscribe = (wake: () => void) => deps.inspector.watch(instanceId, wake);
    void follow(stream, { subscribe, advance, everyMs: EVERY_MS }, deps.log);
  });
