import { afterAll, beforeAll, describe } from 'vitest';
import { mailboxContract } from '../contract/mailbox-contract.ts';
import { type NatsServer, startNats } from '../servers/nats.ts';
import { deployment, NatsNode } from './nats-node.ts';

describe('a nats-server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server?.stop());

  const nodes: NatsNode[] = [];
  const open = async (): Promise<readonly [NatsNode, NatsNode]> => {
    const options = deployment({ urls: [server.url] });
    const pair = [await NatsNode.open(options), await NatsNode.open(options)] as const;
    nodes.push(...pair);
    return pair;
  };
  const close = async (): Promise<void> => {
    for (const node of nodes.splice(0)) await node.close();
  };

  mailboxContract({
    name: 'JetStream',
    open: async () => {
      const [here, there] = await open();
      return [here.messaging.mailbox, there.messaging.mailbox];
    },
    close,
  });
});
