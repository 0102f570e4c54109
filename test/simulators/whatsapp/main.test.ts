import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../harness/api-client.ts';
import { Child } from '../../harness/child.ts';
import { furnish } from '../../harness/embedded-template.ts';
import { eventually } from '../../harness/eventually.ts';
import { startWhatsAppProcess, TRUSTING_MAIN, type WhatsAppProcess } from './simulator-process.ts';

let simulator: WhatsAppProcess;
let stateDir: string;

const ARGS = ['--seed', '7', '--messages', '200'];

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'whatsapp-simulator-'));
  simulator = await startWhatsAppProcess([...ARGS, '--state-dir', stateDir]);
});

afterAll(async () => {
  expect(await simulator.child.end('SIGTERM')).toBe(0);
  await rm(stateDir, { recursive: true, force: true });
});

const read = async (path: string): Promise<unknown> => (await simulator.control(`/_sim/${path}`)).json();

const post = async (path: string, body: unknown): Promise<unknown> => {
  const response = await simulator.control(`/_sim/${path}`, body);
  return { status: response.status, body: await response.json() };
};

describe('the simulator as a process', () => {
  it('pairs a service of its own process, and is driven by its control API', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'whatsapp-service-'));
    await furnish(dataDir);
    const { socketUrl, mediaUrl } = simulator;
    const service = new Child(TRUSTING_MAIN, [], {
      PORT: '0',
      DATA_DIR: dataDir,
      DATABASE_URL: '',
      LOG_LEVEL: 'info',
      WHATSAPP_SOCKET_URL: socketUrl,
      WHATSAPP_MEDIA_URL: mediaUrl,
    });
    const port = await service.said((line) => (typeof line['port'] === 'number' ? line['port'] : undefined));
    const api = new ApiClient(`http://127.0.0.1:${port}`);
    const { id } = await api.data<{ id: string }>('POST', '/instances', { name: 'phone', channel: 'whatsapp' });
    const { qr } = await eventually('a QR code', 20_000, () => api.data<{ qr: string }>('GET', `/instances/${id}/qr`));
    expect(await post('scan', { qr })).toEqual({ status: 200, body: { ok: true } });
    await eventually(
      'the device online',
      30_000,
      async () => ((await read('stats')) as { isOnline: boolean }).isOnline,
    );
    const edit = { edit: 'message', chat: 'Ada', from: 'Ada', content: { type: 'text', text: 'by control' } };
    expect(await post('edit', { edit })).toMatchObject({
      status: 200,
      body: { id: expect.stringMatching(/^[0-9A-F]+$/) },
    });
    await eventually('the message stored', 20_000, async () => {
      const events = await Array.fromAsync(api.events(id));
      return events.some(({ text }) => text === 'by control');
    });
    expect(await read('violations')).toEqual([]);
    expect(await service.end('SIGTERM')).toBe(0);
    await rm(dataDir, { recursive: true, force: true });
  });

  it('tells what it holds and what it saw', async () => {
    const stats = await read('stats');
    expect(stats).toMatchObject({ devices: [{ id: 1, isRemoved: false }], violations: 0 });
    const lines = (await (await simulator.control('/_sim/ground-truth?chat=Ada')).text()).trim().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as { chat: string; content: string; timestamp: number };
    expect(last).toMatchObject({ chat: 'Ada', content: 'by control' });
    const since = await (await simulator.control(`/_sim/ground-truth?since=${last.timestamp}`)).text();
    expect(since.trim().split('\n')).toHaveLength(1);
    expect(await read('contacts')).toContainEqual(expect.objectContaining({ name: 'Dora', savedAs: 'Aunt Dora' }));
    expect(await read('groups')).toContainEqual(expect.objectContaining({ subject: 'Neighbours', isCommunity: true }));
    expect(await read('receipts')).toContainEqual(expect.objectContaining({ type: 'hist_sync' }));
    for (const path of ['stanzas', 'downloads', 'history-requests']) expect(await read(path)).toBeInstanceOf(Array);
  });

  it('plants faults and takes them away', async () => {
    const planted = await post('faults', { fault: { kind: 'silentPhone' }, aim: { chat: 'Ada', times: -1 } });
    expect(planted).toEqual({ status: 200, body: { id: expect.any(Number) } });
    expect(await read('faults')).toEqual([
      { id: expect.any(Number), fault: { kind: 'silentPhone' }, aim: { chat: 'Ada', times: -1 }, count: 0 },
    ]);
    await post('faults/clear', {});
    expect(await read('faults')).toEqual([]);
  });

  it.each([
    ['faults', { fault: { kind: 'earthquake' } }, 'fault.kind must be one of'],
    ['faults', {}, 'fault must be an object'],
    ['scan', { qr: 'nonsense' }, 'no QR code of WhatsApp'],
    ['scan', {}, 'qr must be a string'],
    [
      'edit',
      { edit: { edit: 'message', chat: 'Nobody', content: { type: 'text', text: '' } } },
      'no chat called Nobody',
    ],
    ['edit', { edit: { edit: 'explode' } }, 'edit.edit must be one of'],
    ['end-session', { reason: 'boredom' }, 'reason must be one of'],
    ['unlink', { account: '123' }, 'No account has the number 123'],
  ])('refuses POST /_sim/%s %j', async (path, body, error) => {
    expect(await post(path, body)).toMatchObject({ status: 400, body: { error: expect.stringContaining(error) } });
  });

  it('is found again with what it knew', async () => {
    const { port, phoneNumber } = simulator;
    expect(await simulator.child.end('SIGTERM')).toBe(0);
    simulator = await startWhatsAppProcess([...ARGS, '--state-dir', stateDir, '--port', String(port)]);
    expect(simulator).toMatchObject({ port, phoneNumber });
    expect(await read('stats')).toMatchObject({ devices: [{ id: 1, isRemoved: false }] });
    expect((await simulator.control('/_sim/nothing')).status).toBe(404);
  });

  it.each([
    [['--port', 'x'], '--port must be a whole number'],
    [['--bursts', 'maybe'], '--bursts must be on or off'],
    [['--nonsense'], 'nonsense'],
  ])('refuses %j', async (args, words) => {
    await expect(startWhatsAppProcess(args)).rejects.toThrow(words);
  });
});
