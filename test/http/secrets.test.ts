import { describe, expect, it } from 'vitest';
import { addInstance, serve, startSync, TOKEN } from './serve.ts';

describe('a token', () => {
  it('is in no answer and no line of the log, whatever is asked', async () => {
    const served = await serve();
    const { call, world } = served;
    const texts: string[] = [];
    const ask = async (...request: Parameters<typeof call>) => {
      const { text, headers } = await call(...request);
      texts.push(text, JSON.stringify([...headers]));
    };
    const id = await addInstance(served);
    const jobId = await startSync(served, id);
    const reads = [
      'instances',
      `instances/${id}`,
      `instances/${id}/status`,
      'debug/actors',
      `debug/actors/${id}`,
      `instances/${id}/sync/${jobId}`,
    ];
    for (const path of [...reads, 'settings', 'events', 'sync', '/metrics', '/ready', 'debug/dead-letters'])
      await ask('GET', path);
    await ask('POST', 'instances', { name: 'Again', channel: 'discord', token: TOKEN });
    await ask('POST', 'instances', { name: '', channel: 'discord', token: TOKEN });
    await ask('POST', 'instances', { name: 'x', channel: 'whatsapp', token: TOKEN });
    await ask('POST', 'instances', { name: 'x', channel: 'discord', token: [TOKEN] });
    await ask('POST', 'instances', { name: 'x', channel: 'discord', token: `${TOKEN}${'x'.repeat(500)}` });
    await ask('POST', 'instances', `{"token":"${TOKEN}",`);
    await ask('POST', 'instances', `{"token":${TOKEN}}`);
    await ask('PATCH', `instances/${id}`, { token: TOKEN });
    await ask('PATCH', `instances/${id}`, { token: TOKEN, colour: 'red' });
    await ask('PATCH', `instances/${id}`, { token: `${TOKEN}\u0000` });
    world.state.storeAway = true;
    await ask('PATCH', `instances/${id}`, { token: TOKEN });
    expect(texts.join('\n')).not.toContain(TOKEN);
    expect(world.logged.join('\n')).not.toContain(TOKEN);
  });

  it('of ours, the API key, is in no answer and no line of the log either', async () => {
    const apiKey = 'key-that-nobody-may-see';
    const { call, world } = await serve({ apiKey });
    const { text } = await call('GET', 'instances', undefined, { 'x-api-key': apiKey });
    const refused = await call('GET', 'instances', undefined, { 'x-api-key': `${apiKey}x` });
    expect(text + refused.text + world.logged.join('\n')).not.toContain(apiKey);
  });
});
