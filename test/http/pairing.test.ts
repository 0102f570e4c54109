import { describe, expect, it, vi } from 'vitest';
import type { InstanceState } from '../../src/domain/instance.ts';
import { NOW } from './in-memory-deps.ts';
import { readStream } from './read-stream.ts';
import { addInstance, type Served, serve } from './serve.ts';

const LATER = Date.parse('2027-01-01T00:00:00Z');
const QR = { kind: 'qr', qr: '2@ref,noise,identity,secret', expiresAt: LATER } as const;
const CODE = { kind: 'code', code: 'ABCD1234', phoneNumber: '4915112345678', expiresAt: LATER } as const;

const addNumber = async ({ call }: Served, more: Record<string, unknown> = {}): Promise<string> => {
  const { status, json, text } = await call('POST', 'instances', { name: 'Phone', channel: 'whatsapp', ...more });
  if (status !== 201) throw new Error(text);
  return String(json.data['id']);
};

const inState = ({ world }: Served, id: string, state: InstanceState): void => {
  const view = world.instances.get(id);
  if (view !== undefined) world.instances.set(id, { ...view, state });
};

describe('pairing a phone', () => {
  it('needs no token, and says so when one is given', async () => {
    const served = await serve();
    await addNumber(served, { historyDepth: 'full' });
    const { status, json } = await served.call('POST', 'instances', { name: 'P', channel: 'whatsapp', token: 'x' });
    expect(status).toBe(400);
    expect(json.error.details['field']).toBe('token');
  });

  it('is not for bots, which want a token and no depth', async () => {
    const served = await serve();
    for (const [body, field] of [
      [{ name: 'B', channel: 'discord' }, 'token'],
      [{ name: 'B', channel: 'discord', token: 'a-token-long-enough-to-be-one', historyDepth: 'full' }, 'historyDepth'],
    ] as const) {
      const { status, json } = await served.call('POST', 'instances', body);
      expect([status, json.error.details['field']]).toEqual([400, field]);
    }
    const bot = await addInstance(served);
    for (const [method, path, body] of [
      ['GET', 'qr', undefined],
      ['GET', 'qr.svg', undefined],
      ['POST', 'pair', { phoneNumber: '+49 151 12345678' }],
    ] as const) {
      const { status, json } = await served.call(method, `instances/${bot}/${path}`, body);
      expect([status, json.error.code]).toEqual([409, 'pairing_not_offered']);
    }
  });

  it('shows the QR code as text and as a picture, and nothing when there is none', async () => {
    const served = await serve();
    const id = await addNumber(served);
    const none = await served.call('GET', `instances/${id}/qr`);
    expect([none.status, none.json.error.code]).toEqual([409, 'not_pairing']);
    served.world.offers.set(id, QR);
    const { json } = await served.call('GET', `instances/${id}/qr`);
    expect(json.data).toMatchObject({ qr: QR.qr, expiresAt: '2027-01-01T00:00:00.000Z' });
    expect(json.data['svg']).toContain('<svg');
    const picture = await served.call('GET', `instances/${id}/qr.svg`);
    expect(picture.headers.get('content-type')).toBe('image/svg+xml');
    expect(picture.headers.get('cache-control')).toBe('no-store');
    expect(picture.text).toContain('<svg');
  });

  it('asks for a code, and answers with it as soon as it is there', async () => {
    const served = await serve();
    const id = await addNumber(served);
    const asking = served.call('POST', `instances/${id}/pair`, { phoneNumber: '+49 (151) 123-45678' });
    await vi.waitFor(() =>
      expect(served.world.submitted).toContainEqual({
        instanceId: id,
        command: { type: 'pair', phoneNumber: '4915112345678' },
      }),
    );
    served.world.offers.set(id, CODE);
    const { status, json } = await asking;
    expect(status).toBe(202);
    expect(json.data).toMatchObject({ code: 'ABCD1234', phoneNumber: '+4915112345678' });
    const qr = await served.call('GET', `instances/${id}/qr`);
    expect([qr.status, qr.json.error.code]).toEqual([409, 'not_pairing']);
  });

  it('gives a code again while there is time to type it, instead of ending it', async () => {
    const served = await serve();
    const id = await addNumber(served);
    served.world.offers.set(id, { ...CODE, expiresAt: NOW + 60_000 });
    const { json } = await served.call('POST', `instances/${id}/pair`, { phoneNumber: '+4915112345678' });
    expect(json.data['code']).toBe('ABCD1234');
    expect(served.world.submitted.filter(({ command }) => command.type === 'pair')).toEqual([]);
  });

  it('waits for another code than the one that its request ends', async () => {
    const served = await serve();
    const id = await addNumber(served);
    served.world.offers.set(id, { ...CODE, expiresAt: NOW + 5_000 });
    const asking = served.call('POST', `instances/${id}/pair`, { phoneNumber: '+4915112345678' });
    await vi.waitFor(() => expect(served.world.submitted.some(({ command }) => command.type === 'pair')).toBe(true));
    served.world.offers.set(id, { ...CODE, code: 'EFGH5678' });
    const { json } = await asking;
    expect(json.data['code']).toBe('EFGH5678');
  });

  it.each(['', 'my phone', '0151 12345678', '+49', '+999 123'])(
    'refuses "%s" as a phone number',
    async (phoneNumber) => {
      const served = await serve();
      const id = await addNumber(served);
      const { status, json } = await served.call('POST', `instances/${id}/pair`, { phoneNumber });
      expect([status, json.error.details['field']]).toEqual([400, 'phoneNumber']);
      expect(served.world.submitted.filter(({ command }) => command.type === 'pair')).toEqual([]);
    },
  );

  it('is refused for a number that is paired and online', async () => {
    const served = await serve();
    const id = await addNumber(served);
    inState(served, id, 'online');
    const { status, json } = await served.call('POST', `instances/${id}/pair`, { phoneNumber: '+4915112345678' });
    expect([status, json.error.code]).toEqual([409, 'not_pairing']);
    expect(json.error.message).toContain('paired and online already');
  });

  it('can be followed: each state and each thing to show, once', async () => {
    const served = await serve();
    const id = await addNumber(served);
    const stream = await readStream(`${served.base}/api/v2/instances/${id}/events`);
    expect(await stream.next()).toMatchObject({ event: 'instance.state', data: { id, state: 'stopped' } });
    inState(served, id, 'pairing');
    served.world.offers.set(id, QR);
    served.world.step();
    expect(await stream.next()).toMatchObject({ event: 'instance.state', data: { state: 'pairing' } });
    expect(await stream.next()).toMatchObject({ event: 'instance.pairing', data: { kind: 'qr', qr: QR.qr } });
    served.world.step();
    served.world.offers.set(id, { ...QR, qr: 'the next one' });
    served.world.step();
    expect(await stream.next()).toMatchObject({ event: 'instance.pairing', data: { qr: 'the next one' } });
    stream.cancel();
  });
});
