import { Effect } from 'effect';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Messaging } from '../../src/runtime/messaging/messaging.ts';
import { carrierContract } from '../contract/carrier-contract.ts';
import { mailboxContract } from '../contract/mailbox-contract.ts';
import { wireContract } from '../contract/wire-contract.ts';
import { type NatsServer, startNats } from '../servers/nats.ts';
import { deployment, NatsNode } from './nats-node.ts';

describe('a nats-server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server?.stop());

  /** The part of a messaging that a contract is about, of as many nodes as it wants. */
  const driver = <A>(part: (messaging: Messaging) => A) => {
    const nodes: NatsNode[] = [];
    const opened = async (count: number): Promise<A[]> => {
      const options = deployment({ urls: [server.url], otherNodes: Effect.succeed(count - 1) });
      for (let node = 0; node < count; node++) nodes.push(await NatsNode.open(options));
      return nodes.map(({ messaging }) => part(messaging));
    };
    const close = async (): Promise<void> => {
      for (const node of nodes.splice(0)) await node.close();
    };
    const pair = async (): Promise<readonly [A, A]> => {
      const [here, there] = await opened(2);
      if (here === undefined || there === undefined) throw new Error('There are not two nodes');
      return [here, there];
    };
    return { name: 'NATS', opened, pair, close };
  };

  const mailboxes = driver(({ mailbox }) => mailbox);
  mailboxContract({ ...mailboxes, open: mailboxes.pair });

  const carriers = driver(({ carrier }) => carrier);
  carrierContract({ ...carriers, open: carriers.pair });

  const wires = driver(({ wire }) => wire);
  wireContract({ ...wires, open: () => wires.opened(3) });
});
