import { randomUUID } from 'node:crypto';
import { Effect, Exit, Scope } from 'effect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InstanceId } from '../../src/domain/ids.ts';
import type { PairingOffer } from '../../src/domain/pairing.ts';
import type { ActorTree } from '../../src/runtime/messaging/inspection.ts';
import type { NodeWire } from '../../src/runtime/messaging/node-wire.ts';

export interface WireDriver {
  readonly name: string;
  /** The wire as each node sees it; one for a process that is alone. */
  readonly open: () => Promise<readonly NodeWire[]>;
  readonly close: () => Promise<void>;
}

export const tree = (changes: Partial<ActorTree> = {}): ActorTree => ({
  instanceId: InstanceId.make(randomUUID()),
  name: 'An instance',
  node: 'a node',
  partition: 3,
  epoch: 5,
  state: 'online',
  rateLimit: 'normal',
  jobs: [{ jobId: randomUUID(), state: 'running' }],
  mailboxDepth: 2,
  stale: false,
  parked: null,
  supervisor: { actor: 'instance', machine: 'instance', version: 1, state: 'online', context: { restarts: 0 } },
  rateLimiter: null,
  permits: { messages: 8, contacts: 16, cooldownUntil: null },
  jobActors: [],
  activities: ['connection'],
  restarts: 0,
  lastSeq: 12,
  trace: [{ at: '2026-01-01T00:00:00.000Z', actor: 'instance', event: 'connect', from: 'stopped', to: 'connecting' }],
  ...changes,
});

/** What each of them would show a person who pairs it. */
const pairable = new Map<InstanceId, PairingOffer>();
const offerOf = (id: InstanceId): PairingOffer | null => pairable.get(id) ?? null;

/** Lets a node answer for what lives on it, until it is closed. */
export const serve = async (wire: NodeWire, living: readonly ActorTree[]): Promise<() => Promise<void>> => {
  const scope = await Effect.runPromise(Scope.make());
  const actor = (id: InstanceId) => living.find(({ instanceId }) => instanceId === id) ?? null;
  await Effect.runPromise(Scope.provide(wire.serve({ actors: () => living, actor, pairing: offerOf }), scope));
  return () => Effect.runPromise(Scope.close(scope, Exit.void));
};

/** Asks until the answering node's subscription has reached the server, which nobody waits for. */
export const answerOf = async (wire: NodeWire, instanceId: InstanceId): Promise<ActorTree> => {
  const answer = await Effect.runPromise(wire.askActor(instanceId));
  return answer ?? answerOf(wire, instanceId);
};

export const wireContract = (driver: WireDriver): void => {
  describe(`the wire between nodes on ${driver.name}`, () => {
    let wires: readonly NodeWire[];
    const serving: (() => Promise<void>)[] = [];
    beforeAll(async () => {
      wires = await driver.open();
    });
    afterEach(async () => {
      for (const end of serving.splice(0)) await end();
    });
    afterAll(() => driver.close());

    /** Each node with instances of its own. */
    const inhabited = async (perNode: number): Promise<readonly (readonly ActorTree[])[]> => {
      const living = wires.map(() => Array.from({ length: perNode }, () => tree()));
      for (const [index, wire] of wires.entries()) serving.push(await serve(wire, living[index] ?? []));
      return living;
    };

    it('brings the whole tree of an instance from the node on which it lives', async () => {
      const living = await inhabited(3);
      for (const asker of wires) {
        for (const [index, trees] of living.entries()) {
          for (const one of wires[index] === asker ? [] : trees) {
            expect(await answerOf(asker, one.instanceId)).toEqual(one);
          }
        }
      }
    });

    it('brings what a person must be shown to pair an instance from wherever it lives', async () => {
      const living = await inhabited(1);
      for (const asker of wires) {
        const other = living.find((_, index) => wires[index] !== asker)?.[0];
        if (other === undefined) continue;
        await answerOf(asker, other.instanceId);
        expect(await Effect.runPromise(asker.askPairing(other.instanceId))).toBeNull();
        const offer = { kind: 'qr', qr: 'shown once', expiresAt: 60_000 } as const;
        pairable.set(other.instanceId, offer);
        expect(await Effect.runPromise(asker.askPairing(other.instanceId))).toEqual(offer);
        pairable.clear();
      }
    });

    it('answers null for an instance that lives nowhere', async () => {
      await inhabited(1);
      for (const asker of wires) expect(await Effect.runPromise(asker.askActor(tree().instanceId))).toBeNull();
    });

    it('answers null where nobody serves', async () => {
      for (const asker of wires) {
        expect(await Effect.runPromise(asker.askActor(tree().instanceId))).toBeNull();
        expect(await Effect.runPromise(asker.askActors)).toEqual([]);
      }
    });

    it('gathers the actors of every other node, however many', async () => {
      const living = await inhabited(1_200);
      for (const [index, asker] of wires.entries()) {
        const others = living.filter((_, other) => other !== index).flat();
        for (const [first] of living.filter((_, other) => other !== index)) {
          if (first !== undefined) await answerOf(asker, first.instanceId);
        }
        const answers = await Effect.runPromise(asker.askActors);
        expect(answers.map(({ instanceId }) => instanceId).sort()).toEqual(
          others.map(({ instanceId }) => instanceId).sort(),
        );
      }
    });
  });
};
