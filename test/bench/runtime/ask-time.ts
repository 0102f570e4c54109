import { connect } from '@nats-io/transport-node';
import { Effect, Exit, Scope } from 'effect';
import type { InstanceId } from '../../../src/domain/ids.ts';
import { KNOWN_MACHINES } from '../../../src/runtime/machine-versions.ts';
import type { NodeWire } from '../../../src/runtime/messaging/node-wire.ts';
import { localInspection } from '../../../src/runtime/node/inspect.ts';
import { eventually } from '../../harness/eventually.ts';
import type { BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median, pairedRatio, quantile } from '../statistics.ts';
import type { BenchStore } from '../store/bench-store.ts';
import { deploymentOn } from './bench-nats.ts';
import { type BenchNode, startBenchNode } from './bench-node.ts';
import { commandAll, createInstances } from './instances.ts';
import { instantChannel } from './instant-channel.ts';

/*
 * A question to the node on which an instance lives, one after another: how many nodes there are is asked of the
 * database, the question goes over one link, and the whole actor comes back over another. Against a request of NATS
 * that is answered with as many bytes.
 */

const RAW_SUBJECT = 'raw-question';
const LEASE_MS = 3_600_000;

/** Times each of so many turns, ms. */
const timesOf = async (turns: number, turn: () => Promise<void>): Promise<readonly number[]> => {
  const times: number[] = [];
  while (times.length < turns) {
    const startedAt = performance.now();
    await turn();
    times.push(performance.now() - startedAt);
  }
  return times;
};

const asking = (wire: NodeWire, id: InstanceId) => async (): Promise<void> => {
  const tree = await Effect.runPromise(wire.askActor(id));
  if (tree === null) throw new Error('No node has answered');
};

/** A plain request and its answer, over two connections. */
const openRaw = async (natsUrl: string, answer: string) => {
  const answering = await connect({ servers: natsUrl });
  const requesting = await connect({ servers: natsUrl });
  answering.subscribe(RAW_SUBJECT, { callback: (_error, message) => void message.respond(answer) });
  await answering.flush();
  return {
    request: async (): Promise<void> => void (await requesting.request(RAW_SUBJECT)),
    close: async (): Promise<void> => {
      await requesting.close();
      await answering.close();
    },
  };
};

const compared = async (
  ask: () => Promise<void>,
  request: () => Promise<void>,
  turns: number,
  { rounds, tell }: BenchSetting,
): Promise<readonly Figure[]> => {
  const times = new Map<string, number[]>();
  const contender = (name: string, turn: () => Promise<void>) => ({
    name,
    run: async (): Promise<number> => {
      const taken = await timesOf(turns, turn);
      times.set(name, [...(times.get(name) ?? []), ...taken]);
      return median(taken) * 1000;
    },
  });
  const contenders = [contender('ask', ask), contender('request', request)];
  for (const { run } of contenders) await run();
  times.clear();
  const measured = await interleave(contenders, rounds, (line) => tell(`runtime, ${line} µs`));
  const at = (name: string, q: number): number => quantile(times.get(name) ?? [], q);
  const ratio = pairedRatio(measured.get('ask') ?? [], measured.get('request') ?? []);
  const against = 'a request of NATS';
  return [
    plain('Request of NATS, p50', at('request', 0.5), 'ms'),
    plain('Request of NATS, p99', at('request', 0.99), 'ms'),
    { ...plain('Ask another node, p50', at('ask', 0.5), 'ms'), ratio, against },
    { ...plain('Ask another node, p99', at('ask', 0.99), 'ms'), ratio: at('ask', 0.99) / at('request', 0.99), against },
  ];
};

/** Brings one instance to life, connected. */
const liveInstance = async (store: BenchStore): Promise<readonly [InstanceId, BenchNode]> => {
  const [id] = (await createInstances(store.connection, 1)) as [InstanceId];
  await commandAll(store.connection, { type: 'connect' });
  const actors = await startBenchNode(
    store,
    instantChannel(() => {}),
  );
  await eventually('the instance is online', 10_000, async () => {
    return actors.node.find(id)?.live?.actors.supervisor.value === 'online';
  });
  return [id, actors];
};

export const benchAsk = async (
  store: BenchStore,
  natsUrl: string,
  questions: number,
  setting: BenchSetting,
): Promise<readonly Figure[]> => {
  const { leases } = store.db.runtime;
  for (const name of ['asks', 'answers']) await Effect.runPromise(leases.renew(name, LEASE_MS, KNOWN_MACHINES));
  const deployment = deploymentOn(
    natsUrl,
    Effect.map(leases.liveNodes, (nodes) => nodes - 1),
  );
  const [id, actors] = await liveInstance(store);
  const [asks, answers] = [await deployment.open(), await deployment.open()];
  const scope = Effect.runSync(Scope.make());
  const local = localInspection(actors.node, Date.now);
  await Effect.runPromise(Scope.provide(answers.messaging.wire.serve(local), scope));
  const raw = await openRaw(natsUrl, JSON.stringify(local.actor(id)));
  try {
    return await compared(asking(asks.messaging.wire, id), raw.request, questions, setting);
  } finally {
    await raw.close();
    await Effect.runPromise(Scope.close(scope, Exit.void));
    for (const { close } of [asks, answers, actors]) await close();
  }
};
