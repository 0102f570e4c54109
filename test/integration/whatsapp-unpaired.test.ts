import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../harness/service-stage.ts';
import { WhatsAppStage } from '../harness/whatsapp-stage.ts';
import { prepareBaileys } from '../simulators/whatsapp/baileys-in-tests.ts';
import { holdQrTimers, type QrTimers } from '../simulators/whatsapp/qr-timers.ts';

describe('a number that nobody pairs', () => {
  prepareBaileys();
  let timers: QrTimers;
  let stage: WhatsAppStage;
  beforeAll(() => {
    timers = holdQrTimers();
  });
  afterEach(() => stage?.close());
  afterAll(() => timers.undo());

  it('shows one QR code after the other, then stands still with advice, and is paired when it connects again', async () => {
    stage = await WhatsAppStage.open({ seed: 61 });
    const { id } = await stage.create('nobody there');
    const shown = new Set<string>();
    for (let code = 0; code < 6; code++) {
      const qr = await vi.waitFor(async () => {
        const next = await stage.qr(id);
        expect(shown).not.toContain(next);
        return next;
      }, PATIENCE);
      shown.add(qr);
      expect((await stage.api.instance(id)).state).toBe('pairing');
      timers.expire();
    }

    const { error } = await stage.reaches(id, 'error');
    expect(error).toMatchObject({ code: 'pairing_timed_out', message: expect.stringContaining('Connect again') });
    await expect(stage.api.call('GET', `/instances/${id}/qr`)).rejects.toMatchObject({ code: 'not_pairing' });

    await stage.api.call('POST', `/instances/${id}/connect`);
    const again = await stage.qr(id);
    expect(shown).not.toContain(again);
    stage.whatsapp.scan(again);
    expect((await stage.reaches(id, 'online')).error).toBeNull();
  });
});
