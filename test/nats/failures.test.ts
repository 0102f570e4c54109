import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Effect } from 'effect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAILBOX_LIMIT } from '../../src/domain/command.ts';
import { namingOf } from '../../src/nats/naming.ts';
import type { NatsOptions } from '../../src/nats/nats-options.ts';
import { CarrierUnavailable } from '../../src/runtime/messaging/event-carrier.ts';
import { Arrivals } from '../contract/arrivals.ts';
import { event } from '../contract/carrier-contract.ts';
import { letter, Receiver, someInstance, untilHeldBy } from '../contract/mailbox-contract.ts';
import { answerOf, serve, tree } from '../contract/wire-contract.ts';
import { freePort } from '../servers/free-port.ts';
import { type NatsServer, startOwnNats } from '../servers/nats.ts';
import { startTcpProxy, type TcpProxy } from '../servers/tcp-proxy.ts';
import { deployment, NatsNode } from './nats-node.ts';

const run = Effect.runPromise;

describe('when NATS fails', () => {
  let server: NatsServer;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startOwnNats();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(() => server?.stop());

  const opened = async (options: NatsOptions): Promise<NatsNode> => {
    const node = await NatsNode.open(options);
    ends.push(() => node.close());
    return node;
  };
  const received = async (node: NatsNode, partition: number, epoch = 1): Promise<Receiver> => {
    const receiver = await Receiver.open(node.messaging.mailbox, { partition, epoch });
    ends.push(() => receiver.close());
    return receiver;
  };
  const proxied = async (): Promise<TcpProxy> => {
    const proxy = await startTcpProxy({ port: server.port ?? 0 });
    ends.push(() => proxy.close());
    return proxy;
  };
  const withManager = async <A>(work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<A>) => {
    const connection = await connect({ servers: server.url });
    try {
      return await work(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  };
  it('answers within a second while the database does not say how many nodes there are', {
    timeout: 30_000,
  }, async () => {
    const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
    // As a statement that hangs: nobody can interrupt it.
    const otherNodes = Effect.uninterruptible(
      Effect.as(
        Effect.promise(() => back),
        1,
      ),
    );
    const options = deployment({ urls: [server.url], otherNodes });
    const [here, there] = [await opened(options), await opened(options)];
    const lives = tree();
    ends.push(await serve(there.messaging.wire, [lives]));
    expect(await answerOf(here.messaging.wire, lives.instanceId)).toEqual(lives);
    expect(await run(here.messaging.wire.askActor(tree().instanceId))).toBeNull();
    comeBack();
  });

  /** The node receives, for the `times`-th time, and what another one sends arrives. */
  const flowsAgain = async (from: NatsNode, to: NatsNode, receiver: Receiver, partition: number, times = 2) => {
    await to.said(/Receiving the letters/, times);
    const next = letter(1);
    await run(from.messaging.mailbox.publish(next, partition));
    await receiver.letters.until((letters) => letters.some(({ commandId }) => commandId === next.commandId));
  };

  it('goes on after the server was killed and started again under load', async () => {
    const options = deployment({ urls: [server.url] });
    const [here, there] = [await opened(options), await opened(options)];
    const receiver = await received(there, 1);
    await untilHeldBy(receiver, [], here.messaging.mailbox, 1);
    let isLoaded = true;
    const load = (async () => {
      for (let seq = 1; isLoaded; seq += 1) {
        await run(here.messaging.mailbox.publish(letter(seq), 1));
        if (seq % 20 === 0) await new Promise((next) => setImmediate(next));
      }
    })();
    for (let restart = 1; restart <= 2; restart += 1) {
      await server.kill();
      await here.said(/NATS is away/, restart);
      await server.start();
      await Promise.all([
        here.said(/Connected to NATS/, restart + 1),
        there.said(/Receiving the letters/, restart + 1),
      ]);
    }
    isLoaded = false;
    await load;
    await flowsAgain(here, there, receiver, 1, 3);
  });

  it('creates a stream again that was deleted, and receives from it', async () => {
    const options = deployment({ urls: [server.url] });
    const [here, there] = [await opened(options), await opened(options)];
    const receiver = await received(there, 2);
    await untilHeldBy(receiver, [], here.messaging.mailbox, 2);
    const { mailboxStream, eventStream } = namingOf(options.prefix);
    await withManager(async ({ streams }) => {
      await streams.delete(mailboxStream);
      await streams.delete(eventStream);
    });
    await flowsAgain(here, there, receiver, 2);
    await run(Effect.retry(here.messaging.carrier.publish([event(1)]), { times: 50 }));
  });

  it('creates its consumer again that was deleted while nobody has taken over', async () => {
    const options = deployment({ urls: [server.url] });
    const node = await opened(options);
    const receiver = await received(node, 3, 7);
    await untilHeldBy(receiver, [], node.messaging.mailbox, 3);
    await withManager(({ consumers }) => consumers.delete(namingOf(options.prefix).mailboxStream, 'p3-e7'));
    await flowsAgain(node, node, receiver, 3);
  });

  it('leaves a partition alone that a higher epoch has, and never deletes its consumer', async () => {
    const options = deployment({ urls: [server.url] });
    const node = await opened(options);
    const heir = await received(node, 4, 9);
    await untilHeldBy(heir, [], node.messaging.mailbox, 4);
    const former = await received(node, 4, 8);
    await run(node.messaging.mailbox.publish(letter(1), 4));
    await heir.letters.until((letters) => letters.some(({ seq }) => seq === 1));
    expect(former.letters.all).toEqual([]);
    const names = await withManager(async ({ consumers }) => {
      const found: string[] = [];
      for await (const { name } of consumers.list(namingOf(options.prefix).mailboxStream)) found.push(name);
      return found;
    });
    expect(names).toEqual(['p4-e9']);
  });

  it('drops letters and keeps events while the connection is cut, and says so once', async () => {
    const proxy = await proxied();
    const node = await opened(deployment({ urls: [`nats://127.0.0.1:${proxy.port}`] }));
    const receiver = await received(node, 5);
    await untilHeldBy(receiver, [], node.messaging.mailbox, 5);
    const heard = new Arrivals<unknown>();
    ends.push(async () => node.messaging.carrier.subscribe(heard.add)());
    proxy.cut();
    await node.said(/NATS is away/);
    expect(node.messaging.state()).toBe('away');
    for (let seq = 1; seq <= 100; seq += 1) await run(node.messaging.mailbox.publish(letter(seq), 5));
    expect(await run(Effect.flip(node.messaging.carrier.publish([event(1)])))).toBeInstanceOf(CarrierUnavailable);
    expect(await run(node.messaging.wire.askActor(someInstance()))).toBeNull();
    proxy.restore();
    await node.said(/Connected to NATS/, 2);
    await flowsAgain(node, node, receiver, 5);
    await run(node.messaging.carrier.publish([event(1)]));
    expect(node.lines.all.filter(({ message }) => message.includes('they are dropped'))).toHaveLength(1);
    const again = node.lines.all.find(({ message }) => message.includes('takes letters again'));
    expect(again?.fields['dropped']).toBeGreaterThanOrEqual(100);
  });

  it('notices a connection on which nothing arrives any more, and goes on when it does', async () => {
    const proxy = await proxied();
    const node = await opened(deployment({ urls: [`nats://127.0.0.1:${proxy.port}`] }));
    const receiver = await received(node, 6);
    await untilHeldBy(receiver, [], node.messaging.mailbox, 6);
    proxy.stall();
    const published = run(Effect.flip(node.messaging.carrier.publish([event(1)])));
    await run(node.messaging.mailbox.publish(letter(1), 6));
    expect(await published).toBeInstanceOf(CarrierUnavailable);
    await node.said(/NATS is away/);
    proxy.restore();
    await node.said(/Connected to NATS/, 2);
    await flowsAgain(node, node, receiver, 6);
  });

  it('starts while NATS is away, and connects when it is there', async () => {
    const port = await freePort();
    const node = await opened(deployment({ urls: [`nats://127.0.0.1:${port}`] }));
    expect(node.messaging.state()).toBe('away');
    const receiver = await received(node, 7);
    const late = await startOwnNats({ port });
    ends.push(() => late.stop());
    await node.said(/Connected to NATS/);
    expect(node.messaging.state()).toBe('connected');
    await untilHeldBy(receiver, [], node.messaging.mailbox, 7);
  });

  it('closes while the server hangs up', async () => {
    const leaving = await startOwnNats();
    ends.push(() => leaving.stop());
    for (let time = 1; time <= 5; time += 1) {
      const node = await NatsNode.open(deployment({ urls: [leaving.url] }));
      const receiver = await Receiver.open(node.messaging.mailbox, { partition: time, epoch: 1 });
      await untilHeldBy(receiver, [], node.messaging.mailbox, time);
      await leaving.halt('clean');
      await receiver.close();
      await node.close();
      await leaving.start();
    }
  });

  it('carries a command once that is published twice', async () => {
    const node = await opened(deployment({ urls: [server.url] }));
    const twice = letter(1);
    for (const next of [twice, twice, letter(2)]) await run(node.messaging.mailbox.publish(next, 8));
    const receiver = await received(node, 8);
    await receiver.letters.count(2);
    expect(receiver.seqs).toEqual([1, 2]);
  });

  it('stores an event once that is published twice', async () => {
    const options = deployment({ urls: [server.url] });
    const node = await opened(options);
    for (const id of [1, 1, 2]) await run(node.messaging.carrier.publish([event(id)]));
    const { state } = await withManager(({ streams }) => streams.info(namingOf(options.prefix).eventStream));
    expect(state.messages).toBe(2);
  });

  it('rejects the letters of a full actor, and takes those of the others', async () => {
    const node = await opened(deployment({ urls: [server.url] }));
    const full = someInstance();
    const { mailbox } = node.messaging;
    for (let seq = 1; seq <= MAILBOX_LIMIT + 5; seq += 1) await run(mailbox.publish(letter(seq, full), 9));
    const other = letter(1);
    await run(mailbox.publish(other, 9));
    await node.lines.until((lines) => lines.filter(({ message }) => message.includes('was rejected')).length === 5);
    const receiver = await received(node, 9);
    await receiver.letters.until((letters) => letters.some(({ commandId }) => commandId === other.commandId));
    expect(receiver.letters.all.filter(({ instanceId }) => instanceId === full)).toHaveLength(MAILBOX_LIMIT);
  });

  it('lets an event that is too large for NATS go without its data', async () => {
    const node = await opened(deployment({ urls: [server.url] }));
    const heard = new Arrivals<{ readonly event: { readonly data: Record<string, unknown> } }>();
    const unsubscribe = node.messaging.carrier.subscribe(heard.add);
    ends.push(async () => unsubscribe());
    const giant = event(1);
    const data = { text: 'x'.repeat(2 * 1024 * 1024) };
    await run(node.messaging.carrier.publish([{ ...giant, event: { ...giant.event, data } }, event(2)]));
    await heard.count(2);
    expect(heard.all[0]?.event.data['omitted']).toMatch(/larger than NATS carries/);
  });
});
