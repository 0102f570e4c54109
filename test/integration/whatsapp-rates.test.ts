import { afterEach, describe, expect, it, vi } from 'vitest';
import type { JobShown } from '../harness/api-client.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { WhatsAppStage } from '../harness/whatsapp-stage.ts';
import { prepareBaileys } from '../simulators/whatsapp/baileys-in-tests.ts';

/** Little is pushed, so that there is much to ask for. */
const PUSH = { bootstrapPerChat: 2, recentDays: 1, fullDays: 1 };
const LAG_MS = 1_500;
const DEFAULTS = { 'sync.whatsapp.messagesPerMinute': 30, 'sync.whatsapp.contactsPerMinute': 60 };

// Over minutes the limiter is tested in simulated time (test/machines/rate-limit-at-once.test.ts); here is the real
// thing.
describe('requests for history', () => {
  prepareBaileys();
  let stage: WhatsAppStage;
  afterEach(() => stage?.close());

  const paired = async (settings: Record<string, unknown>): Promise<string> => {
    stage = await WhatsAppStage.open({ seed: 61, push: PUSH }, {}, settings);
    const { id } = await stage.pair();
    await stage.worksOff(id);
    return id;
  };

  const job = (id: string, jobId: string): Promise<JobShown> => stage.api.job(id, jobId);

  it('go one at a time and five in ten seconds at the defaults, with two jobs at once and over a restart', async () => {
    const id = await paired(DEFAULTS);
    const ids = [...(await stage.conversations(id)).keys()].sort();
    const [some, others] = [ids.slice(0, ids.length / 2), ids.slice(ids.length / 2)];
    for (const conversationIds of [some, others]) await stage.api.startSync(id, { depth: 'all', conversationIds });
    const { log } = stage.whatsapp;
    const asked = (count: number) =>
      vi.waitFor(() => expect(log.historyRequests.length).toBeGreaterThanOrEqual(count), {
        timeout: 60_000,
        interval: 50,
      });
    await asked(7);
    await stage.restart();
    await asked(14);
    // The phone sees a request as much later than its permit was used as a busy machine takes to encrypt and send it.
    expect(log.mostRequests(10_000 - LAG_MS)).toBeLessThanOrEqual(5);
    expect(log.mostRequests(60_000 - LAG_MS)).toBeLessThanOrEqual(30);
    expect([...log.mostInFlight.values()]).toEqual([1]);
    expect(log.historyRequests.every(({ outcome }) => outcome === 'answered')).toBe(true);
    expect(log.violations).toEqual([]);
  }, 360_000);

  it('wait for the answer to one that nobody waits for any more: after a pause, and after the end of its job', async () => {
    const id = await paired({});
    const { log, faults } = stage.whatsapp;
    const late = faults.add({ kind: 'lateAnswer', ms: 3_000 }, { times: 2 });
    const { jobId } = await stage.api.startSync(id, { depth: 'all' });
    const of = (command: string) => stage.api.call('POST', `/instances/${id}/sync/${jobId}/${command}`);
    await late.struck(1);
    await of('pause');
    await of('resume');
    await late.struck(2);
    await of('cancel');
    await vi.waitFor(async () => expect((await job(id, jobId)).status).toBe('cancelled'), PATIENCE);
    expect(await stage.api.sync(id, { depth: 'all' })).toMatchObject({ status: 'completed' });
    expect([...log.mostInFlight.values()]).toEqual([1]);
    expect(log.violations).toEqual([]);
  });
});
