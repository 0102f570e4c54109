import { expect, it } from 'vitest';
import { pastOf } from '../harness/history.ts';
import { Stage } from '../harness/stage.ts';
import { startNats } from '../servers/nats.ts';
import { natsDeployment } from '../servers/nats-deployment.ts';

it('one node on the embedded database works over NATS, and goes on there after a restart', async () => {
  const server = await startNats();
  const nats = natsDeployment({ urls: [server.url] });
  const stage = await Stage.open(
    { guilds: [{ name: 'one', channels: [pastOf('general', 30)] }] },
    {},
    { databaseUrl: null, nats },
  );
  try {
    const { id } = await stage.connect('one');
    const first = await stage.api.sync(id, { depth: 'all' });
    expect(first).toMatchObject({ status: 'completed', progress: { stored: 30 } });
    expect(await stage.api.data('GET', '/ready')).toMatchObject({ checks: { database: 'ok', mailbox: 'connected' } });
    await stage.restart();
    await stage.reaches(id, 'online');
    expect(await stage.api.sync(id, { depth: 'all', refresh: true })).toMatchObject({
      status: 'completed',
      progress: { stored: 0, duplicates: 30 },
    });
  } finally {
    await stage.close();
    await server.stop();
  }
});
