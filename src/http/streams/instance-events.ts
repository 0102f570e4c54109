import { isDeepStrictEqual } from 'node:util';
import { Effect } from 'effect';
import type { InstanceId } from '../../domain/ids.ts';
import type { InstanceView } from '../../domain/instance.ts';
import { toIso } from '../../domain/instant.ts';
import type { PairingOffer } from '../../domain/pairing.ts';
import type { HttpDeps } from '../http-deps.ts';
import type { Failure } from '../problem.ts';
import type { Follower } from '../shape.ts';
import type { EventStream } from './event-stream.ts';
import { follow, type Source } from './follow.ts';

/** How soon a change of state is told, ms. */
const EVERY_MS = 250;

/**
 * What a person who connects an account wants to follow: its state, and what to show the phone. Each is sent when it
 * changes, and once at the beginning, so there is nothing to resume. What is shown opens the account: it is read from
 * the memory of the node that has it, and stored nowhere.
 */
export const instanceEvents = (deps: HttpDeps, instanceId: InstanceId): Effect.Effect<Follower, Failure> =>
  Effect.as(
    deps.catalogue.instance(instanceId),
    (stream: EventStream) => void follow(stream, sourceOf(deps, instanceId), deps.log),
  );

const sourceOf = (deps: HttpDeps, instanceId: InstanceId): Source => {
  let told: InstanceView | null = null;
  let offered: PairingOffer | null = null;
  return {
    everyMs: EVERY_MS,
    subscribe: (wake) => deps.inspector.watch(instanceId, wake),
    advance: async (stream) => {
      const view = await Effect.runPromise(deps.catalogue.instance(instanceId));
      if (!isDeepStrictEqual(view, told)) stream.send({ name: 'instance.state', data: view });
      told = view;
      const offer = await Effect.runPromise(deps.inspector.pairing(instanceId));
      if (offer !== null && !isDeepStrictEqual(offer, offered)) {
        stream.send({
          name: 'instance.pairing',
          data: { ...offer, expiresAt: toIso(offer.expiresAt) },
        });
      }
      offered = offer;
      return 'idle';
    },
  };
};
