import { describe, expect, it } from 'vitest';
import type { InstanceState } from '../../src/domain/instance.ts';
import { addInstance, serve, TOKEN } from './serve.ts';

describe('instances', () => {
  it('are created, connected and shown', async () => {
    const { call, world } = await serve();
    const made = await call('POST', 'instances', { name: 'Bot', channel: 'discord', token: TOKEN });
    expect(made.status).toBe(201);
    expect(made.json.data).toMatchObject({ name: 'Bot', channel: 'discord', state: 'stopped' });
    expect(world.submitted.map(({ command }) => command.type)).toEqual(['connect']);
    const id = String(made.json.data['id']);
    expect((await call('GET', `instances/${id}`)).json.data).toEqual(made.json.data);
    const list = await call('GET', 'instances');
    expect(list.json.items).toEqual([made.json.data]);
    expect(list.json.meta).toEqual({ hasMore: false, cursor: null });
  });

  it('stay disconnected if asked', async () => {
    const { call, world } = await serve();
    await call('POST', 'instances', { name: 'Bot', channel: 'discord', token: TOKEN, connect: false });
    expect(world.submitted).toEqual([]);
  });

  it('are refused with the field and the reason', async () => {
    const { call } = await serve();
    const short = await call('POST', 'instances', { name: 'Bot', channel: 'discord', token: 'short' });
    expect(short.status).toBe(400);
    expect(short.json.error.message).toBe('token: is too short for a bot token');
    const whatsapp = await call('POST', 'instances', { name: 'Bot', channel: 'whatsapp', token: TOKEN });
    expect(whatsapp.json.error.message).toBe('token: says nothing for an account of whatsapp; leave it out');
    const all = await call('POST', 'instances', { nam: 'Bot', channel: 'irc', token: 7 });
    expect(all.json.error.details['problems']).toEqual([
      { field: 'nam', message: 'is not a known field; did you mean name?' },
      { field: 'name', message: 'is required' },
      { field: 'channel', message: 'must be "discord" | "whatsapp"' },
      { field: 'token', message: 'must be string' },
    ]);
  });

  it.each(['', ' x', 'x ', 'a\u0007b', 'x'.repeat(101)])('refuse the name %j', async (name) => {
    const { call } = await serve();
    const { status, json } = await call('POST', 'instances', { name, channel: 'discord', token: TOKEN });
    expect(status).toBe(400);
    expect(json.error.details['field']).toBe('name');
  });

  it('connect, disconnect and log out through commands', async () => {
    const served = await serve();
    const id = await addInstance(served);
    for (const type of ['connect', 'disconnect', 'logout']) {
      const { status, json } = await served.call('POST', `instances/${id}/${type}`);
      expect(status).toBe(202);
      expect(json.data).toMatchObject({ type, seq: served.world.submitted.length });
    }
  });

  it('show what their actors do', async () => {
    const served = await serve();
    const id = await addInstance(served);
    const { json } = await served.call('GET', `instances/${id}/status`);
    expect(json.data).toMatchObject({
      id,
      name: 'Bot',
      rateLimit: 'normal',
      permits: { messages: 8 },
      mailboxDepth: 0,
    });
  });

  it.each<[InstanceState, string[]]>([
    ['stopped', []],
    ['error', ['connect']],
    ['loggedOut', ['connect']],
    ['backingOff', ['connect']],
    ['online', ['disconnect', 'connect']],
    ['connecting', ['disconnect', 'connect']],
  ])('take a new token while %s and go on with %j', async (state, commands) => {
    const served = await serve();
    const id = await addInstance(served);
    const { world, call } = served;
    const view = world.instances.get(id);
    if (view !== undefined) world.instances.set(id, { ...view, state });
    world.submitted.length = 0;
    expect((await call('PATCH', `instances/${id}`, { token: `${TOKEN}-2` })).status).toBe(200);
    expect(world.tokens.get(id)).toBe(`${TOKEN}-2`);
    expect(world.submitted.map(({ command }) => command.type)).toEqual(commands);
  });

  it('are renamed without a command, and refuse an empty change', async () => {
    const served = await serve();
    const id = await addInstance(served);
    served.world.submitted.length = 0;
    expect((await served.call('PATCH', `instances/${id}`, { name: 'New' })).json.data).toMatchObject({ name: 'New' });
    expect(served.world.submitted).toEqual([]);
    expect((await served.call('PATCH', `instances/${id}`, {})).status).toBe(400);
  });

  it('are deleted only when confirmed, and say before what goes with them', async () => {
    const served = await serve();
    const id = await addInstance(served, 'My Bot');
    const contents = { events: 1200, conversations: 7, contacts: 40, groups: 5, pushes: 2, jobs: 3 };
    for (const query of ['', '?confirm=', '?confirm=Another']) {
      const { status, json } = await served.call('DELETE', `instances/${id}${query}`);
      expect(status).toBe(409);
      expect(json.error.code).toBe('confirmation_required');
      expect(json.error.details).toMatchObject({ name: 'My Bot', ...contents });
      expect(json.error.message).toContain('40 contacts, 5 groups, 2 pushes and 3 jobs');
    }
    const gone = await served.call('DELETE', `instances/${id}?confirm=My+Bot`);
    expect(gone.json.data).toEqual({ id, deleted: contents });
    expect((await served.call('GET', `instances/${id}`)).status).toBe(404);
  });
});
