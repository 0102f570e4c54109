import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Comparison } from '../harness/compare.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { WhatsAppStage } from '../harness/whatsapp-stage.ts';
import { prepareBaileys } from '../simulators/whatsapp/baileys-in-tests.ts';
import { startWhatsAppSimulator } from '../simulators/whatsapp/simulator.ts';

const EQUAL = { missing: [], surplus: [], doubled: [], different: [] };

const DAY_MS = 86_400_000;

/** Of a chat of which the phone has pushed nothing, nothing can be asked. */
const withoutAnchor = ({ missing, surplus, doubled, different }: Comparison) => ({
  surplus,
  doubled,
  different,
  missing: missing.filter((one) => !one.startsWith('Emil: ')),
});

describe('a WhatsApp number', () => {
  prepareBaileys();
  let stage: WhatsAppStage;
  let stateDir: string;
  beforeAll(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'omni-whatsapp-'));
  });
  afterEach(() => stage?.close());
  afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

  it('pairs by QR code, takes what is pushed, asks for the rest, and then holds what the phone has', async () => {
    stage = await WhatsAppStage.open({ seed: 7 });
    const { id } = await stage.pair();
    await stage.worksOff(id);
    const job = await stage.api.sync(id, { depth: 'all' });
    expect(job).toMatchObject({ status: 'completed', progress: { malformed: 0 } });
    expect(withoutAnchor(await stage.compare(id))).toEqual(EQUAL);
    const { log } = stage.whatsapp;
    expect(log.violations).toEqual([]);
    expect([...log.mostInFlight.values()]).toEqual([1]);
    expect(log.historyRequests.filter(({ shownOnPhone }) => shownOnPhone)).toEqual([]);

    // A second one asks for nothing: every chat is complete, or has nothing to go on from.
    const asked = log.historyRequests.length;
    expect(await stage.api.sync(id, { depth: 'all' })).toMatchObject({ status: 'completed', progress: { pages: 0 } });
    expect(log.historyRequests).toHaveLength(asked);
    const [emil] = (await stage.coverage(id)).filter(({ stopReason }) => stopReason === 'no_anchor');
    expect(emil?.spans).toEqual([]);
  });

  it('is not done with a number that was just paired before the phone is done with sending', async () => {
    const push = { bootstrapPerChat: 3, recentDays: 30, chunkMessages: 100, pauseMs: 400 };
    stage = await WhatsAppStage.open({ seed: 11, push });
    const { id } = await stage.pair();
    const { jobId } = await stage.api.startSync(id, { type: 'all', depth: 'all' });
    await vi.waitFor(async () => {
      const { waitingFor } = await stage.api.job(id, jobId);
      expect(waitingFor).toMatchObject({ what: 'platform', detail: expect.stringContaining('History still arrives') });
    }, PATIENCE);
    expect(await stage.api.finished(id, jobId)).toMatchObject({ status: 'completed' });
    expect(withoutAnchor(await stage.compare(id))).toEqual(EQUAL);
  });

  it('stores nothing that is older than the depth, but what the phone pushed', async () => {
    stage = await WhatsAppStage.open({ seed: 8, push: { bootstrapPerChat: 3, recentDays: 2 } });
    const { id } = await stage.pair(undefined, 'recent');
    await stage.worksOff(id);
    const pushed = new Set((await stage.events(id)).map(({ externalId }) => externalId));
    const since = Date.now() - 7 * DAY_MS;
    expect(await stage.api.sync(id, { depth: '7d' })).toMatchObject({ status: 'completed' });
    expect(withoutAnchor(await stage.compare(id, { since: since + 60_000 }))).toEqual(EQUAL);
    for (const { externalId, timestamp } of await stage.events(id)) {
      if (!pushed.has(externalId)) expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(since);
    }
  });

  it('pairs by a code, and never again: not after a restart of the service, nor of WhatsApp', async () => {
    stage = await WhatsAppStage.open({ seed: 9, stateDir });
    const { id } = await stage.create('by code');
    await stage.qr(id);
    const { code } = await stage.api.data<{ code: string }>('POST', `/instances/${id}/pair`, {
      phoneNumber: '+49 170 0000001',
    });
    await stage.whatsapp.enterCode(code);
    await stage.reaches(id, 'online');
    await stage.worksOff(id);

    await stage.stop();
    await stage.whatsapp.edit({
      edit: 'message',
      chat: 'Ada',
      from: 'Ada',
      content: { type: 'text', text: 'while the service was away' },
    });
    await stage.start();
    await stage.reaches(id, 'online');
    await stage.has(id, 'while the service was away');

    const { port } = stage.whatsapp;
    await stage.whatsapp.close();
    stage.whatsapp = await startWhatsAppSimulator({ seed: 9, stateDir, port, onDemand: { burst: null } });
    await vi.waitFor(() => expect(stage.whatsapp.isOnline()).toBe(true), PATIENCE);
    await stage.reaches(id, 'online');
    await stage.whatsapp.edit({
      edit: 'message',
      chat: 'Ben',
      from: 'Ben',
      content: { type: 'text', text: 'after both came back' },
    });
    await stage.has(id, 'after both came back');
    expect(await stage.api.sync(id, { depth: 'all' })).toMatchObject({ status: 'completed' });
    expect(withoutAnchor(await stage.compare(id))).toEqual(EQUAL);
    expect(stage.whatsapp.log.violations).toEqual([]);
  });

  it('becomes one conversation when a LID turns out to be a phone number', async () => {
    stage = await WhatsAppStage.open({ seed: 10 });
    const { id } = await stage.pair();
    await stage.worksOff(id);
    await stage.api.sync(id, { depth: 'all' });
    await stage.whatsapp.edit({ edit: 'revealMapping', person: 'Cleo' });
    await stage.whatsapp.edit({
      edit: 'message',
      chat: 'Cleo',
      from: 'Cleo',
      content: { type: 'text', text: 'it was me all along' },
    });
    await stage.has(id, 'it was me all along');
    const cleo = stage.whatsapp.contacts().find(({ name }) => name === 'Cleo');
    await vi.waitFor(async () => {
      const externalIds = [...(await stage.conversations(id)).values()];
      expect(externalIds.filter((externalId) => externalId === cleo?.pn || externalId === cleo?.lid)).toEqual([
        cleo?.pn,
      ]);
    }, PATIENCE);
    expect(withoutAnchor(await stage.compare(id))).toEqual(EQUAL);
    expect(await stage.api.sync(id, { depth: 'all' })).toMatchObject({ status: 'completed', progress: { stored: 0 } });
  });

  it('takes nothing for complete that a phone answers by halves, again, or not at all', async () => {
    stage = await WhatsAppStage.open({ seed: 11, push: { bootstrapPerChat: 2, recentDays: 1 } });
    const { id } = await stage.pair(undefined, 'recent');
    await stage.worksOff(id);
    const { faults } = stage.whatsapp;
    faults.add({ kind: 'halfAnswer' }, { times: 5 });
    faults.add({ kind: 'repeatPage' }, { skip: 7, times: 2 });
    faults.add({ kind: 'emptyAnswer' }, { skip: 11, times: 2 });
    faults.add({ kind: 'blob', how: 500 }, { skip: 3, times: 1 });
    await stage.api.sync(id, { depth: 'all' });
    faults.clear();
    for (const { externalId, spans } of await stage.coverage(id)) {
      if (!spans.some(({ reachesStart }) => reachesStart)) continue;
      const missing = (await stage.compare(id)).missing;
      const chat = [...stage.whatsapp.groundTruth()].find(({ aliases }) => aliases.includes(externalId))?.chat;
      expect(missing.filter((one) => one.startsWith(`${chat}: `))).toEqual([]);
    }
    expect(await stage.api.sync(id, { depth: 'all' })).toMatchObject({ status: 'completed' });
    expect(withoutAnchor(await stage.compare(id))).toEqual(EQUAL);
  });

  it('is logged out when its owner removes it on the phone, and pairs again', async () => {
    stage = await WhatsAppStage.open({ seed: 12 });
    const { id } = await stage.pair();
    await stage.worksOff(id);
    stage.whatsapp.unlink();
    expect(await stage.reaches(id, 'loggedOut')).toMatchObject({ error: { code: 'logged_out' } });
    await stage.api.call('POST', `/instances/${id}/connect`);
    stage.whatsapp.scan(await stage.qr(id));
    await stage.reaches(id, 'online');
    await stage.whatsapp.edit({ edit: 'message', chat: 'Ada', content: { type: 'text', text: 'paired again' } });
    await stage.has(id, 'paired again');
  });
});
