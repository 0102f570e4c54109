import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';

interface Ready {
  readonly ready: true;
  readonly apiUrl: string;
  readonly token: string;
  readonly port: number;
}

let child: ChildProcessWithoutNullStreams;
let exited: Promise<unknown[]>;

const run = (...args: readonly string[]): void => {
  child = spawn(process.execPath, [`${import.meta.dirname}/main.ts`, ...args]);
  exited = once(child, 'exit');
};

const ready = async (): Promise<Ready> => {
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as Ready;
};

const outputOf = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
};

const control = ({ port }: Ready) => ({
  get: async (name: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/_sim/${name}`)).json(),
  lines: async (name: string): Promise<Record<string, unknown>[]> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/_sim/${name}`)).text();
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
  },
  post: async (name: string, body: unknown = {}): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`http://127.0.0.1:${port}/_sim/${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  },
});

afterEach(async () => {
  child.kill('SIGKILL');
  await exited;
});

describe('the simulator as a process', () => {
  it('lets guilds, channels and people be changed from outside, and says how they are then', async () => {
    run('--seed', '7', '--messages', '50', '--members', '20', '--rate-limits', 'off');
    const { lines, post, get } = control(await ready());
    const channels = (await get('channels')) as { id: string; name: string }[];
    const idOf = (name: string): string => channels.find((channel) => channel.name === name)?.id ?? '';
    const [owner, , third] = (await lines('contacts')) as { userId: string }[];
    const changes: readonly [string, object][] = [
      ['guilds/change', { guildId: 'Harbour', name: 'Haven', description: null, ownerId: third?.userId }],
      ['channels/change', { channelId: idOf('general'), topic: 'News', nsfw: true }],
      ['channels/delete', { channelId: idOf('empty') }],
      ['channels/create', { guildId: 'Haven', name: 'fresh', topic: 'Fish' }],
      ['members/change', { guildId: 'Haven', userId: third?.userId, nick: 'captain' }],
      ['members/leave', { guildId: 'Haven', userId: owner?.userId }],
      ['users/rename', { userId: third?.userId, globalName: null, username: 'thirdly', silent: true }],
      ['guilds/delete', { guildId: 'Workshop' }],
    ];
    for (const [name, body] of changes) expect((await post(name, body)).status).toBe(200);
    const { body } = await post('members/join', { guildId: 'Haven' });
    const groups = await lines('groups');
    expect(groups[0]).toMatchObject({ name: 'Haven', description: null, ownerId: third?.userId, memberCount: 21 });
    expect(groups.find(({ id }) => id === idOf('general'))).toMatchObject({ description: 'News' });
    expect(groups.map(({ name }) => name)).not.toContain('empty');
    expect(groups.at(-1)).toMatchObject({ name: 'fresh', description: 'Fish' });
    const members = await lines('members');
    expect(members.find(({ userId }) => userId === third?.userId)).toMatchObject({ nick: 'captain', role: 'owner' });
    expect(members.map(({ userId }) => userId)).toContain(body['userId']);
    expect((await lines('contacts')).find(({ userId }) => userId === third?.userId)).toMatchObject({
      username: 'thirdly',
      globalName: null,
    });
    expect((await post('members/leave', { guildId: 'Workshop', userId: '1' })).status).toBe(400);
    expect((await post('channels/change', { channelId: idOf('general'), nsfw: 'yes' })).status).toBe(400);
    expect((await post('channels/change', { channelId: idOf('general'), topic: 7 })).status).toBe(400);
  });

  it('says where it is, can be steered and read, and ends cleanly on SIGTERM', async () => {
    run('--seed', '7', '--messages', '300', '--rate-limits', 'off');
    const place = await ready();
    const { get, lines, post } = control(place);
    const request = (path: string): Promise<Response> =>
      fetch(`${place.apiUrl}/v10${path}`, { headers: { authorization: `Bot ${place.token}`, 'user-agent': 'x' } });

    const channels = (await get('channels')) as { id: string; name: string }[];
    const channelId = channels.find(({ name }) => name === 'general')?.id;
    const truth = await lines('ground-truth');
    const posted = await post('messages', { channelId, content: 'from outside' });
    const { messageId } = posted.body;
    expect(await (await request(`/channels/${channelId}/messages?limit=1`)).json()).toMatchObject([{ id: messageId }]);
    await post('messages', { channelId, messageId, content: 'changed' });
    expect(await (await request(`/channels/${channelId}/messages/${String(messageId)}`)).json()).toMatchObject({
      content: 'changed',
    });
    expect(await lines('ground-truth')).toHaveLength(truth.length + 1);
    await post('messages', { channelId, messageIds: [messageId] });
    expect(await lines('deleted')).toMatchObject([{ channelId, messageId }]);
    expect(await lines('ground-truth')).toEqual(truth);

    const { body: ordered } = await post('faults', { fault: { kind: 'status', status: 500 }, aim: { channelId } });
    expect((await request(`/channels/${channelId}/messages`)).status).toBe(500);
    expect(await get('faults')).toEqual([{ id: ordered['id'], kind: 'status', count: 1 }]);
    expect(await post('faults', { fault: { kind: 'flood' } })).toMatchObject({ status: 400 });
    expect(await post('nothing')).toMatchObject({ status: 404 });
    expect(await get('stats')).toMatchObject({ total: 3, byStatus: { 200: 2, 500: 1 }, online: 0, forbidden: 0 });

    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  it('ends with whoever started it, when told to', async () => {
    run('--until-stdin-closes');
    await ready();
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  });

  it('explains itself, and refuses what it does not understand by name', async () => {
    run('--help');
    expect(await outputOf(child.stdout)).toContain('--messages <n>');
    expect(await exited).toEqual([0, null]);
    run('--messages', 'many');
    expect(await outputOf(child.stderr)).toContain('--messages must be a whole number, not "many".');
    expect(await exited).toEqual([2, null]);
    run('--colour', 'red');
    expect(await outputOf(child.stderr)).toContain("Unknown option '--colour'");
    expect(await exited).toEqual([2, null]);
  });
});
