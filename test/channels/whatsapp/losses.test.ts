import { readFileSync } from 'node:fs';
import { Effect } from 'effect';
import { describe, expect, it } from 'vitest';
import { LOSS_CODES, lossOf } from '../../../src/channels/whatsapp/session/connection-loss.ts';
import { eventually } from '../../harness/eventually.ts';
import { prepareBaileys } from '../../simulators/whatsapp/baileys-in-tests.ts';
import { rigs } from './rig.ts';

prepareBaileys();
const start = rigs();

describe('a lost connection', () => {
  it.each([
    ['removed', 'loggedOut', 'logged_out'],
    ['replaced', 'refused', 'session_replaced'],
    ['banned', 'refused', 'banned'],
    ['unavailable', 'transient', 'service_unavailable'],
  ] as const)('is told with its fate and advice: %s', async (reason, fate, code) => {
    const rig = await start();
    const channel = await rig.pair();
    rig.simulator.endSession(reason);
    const lost = await channel.told('connectionLost');
    expect(lost).toMatchObject({ fate, code });
    expect(lost.message.length).toBeGreaterThan(20);
    expect(channel.of('connectionLost').length).toBe(1);
  });

  it.each([
    [401, 'loggedOut', 'logged_out'],
    [402, 'refused', 'account_restricted'],
    [403, 'refused', 'banned'],
    [405, 'refused', 'client_outdated'],
    [503, 'transient', 'service_unavailable'],
  ] as const)('is told when a login is refused with %i', async (reason, fate, code) => {
    const rig = await start();
    await (await rig.pair()).close();
    rig.simulator.faults.add({ kind: 'refuseLogin', reason }, { times: 1 });
    expect(await rig.open().told('connectionLost')).toMatchObject({ fate, code });
  });

  it('comes again by itself when the server asks for a restart', async () => {
    const rig = await start();
    const channel = await rig.pair();
    rig.simulator.endSession('restart');
    await channel.until(() => (channel.of('connectionOpened').length === 2 ? true : undefined));
    const [before, after] = channel.of('connectionOpened');
    expect(channel.of('connectionInterrupted').length).toBe(1);
    expect(after?.continuity).not.toBe(before?.continuity);
    expect(channel.of('connectionLost')).toEqual([]);
  });

  it.each(['upgrade', 'hello', 'finish', 'success', 'midHistory'] as const)(
    'is worth another try when the socket closes at: %s',
    async (at) => {
      const rig = await start();
      if (at !== 'midHistory') await (await rig.pair()).close();
      rig.simulator.faults.add({ kind: 'close', at }, { times: 1 });
      const channel = rig.open();
      if (at === 'midHistory') await channel.scanned(rig.simulator);
      expect(await channel.told('connectionLost')).toMatchObject({ fate: 'transient' });
      await channel.close();
      const next = rig.open();
      await next.told('connectionOpened');
      await rig.settled();
      expect(rig.simulator.log.violations).toEqual([]);
    },
  );

  it('is told when nobody lets us in within the time of a login', async () => {
    const rig = await start();
    await (await rig.pair()).close();
    rig.simulator.faults.add({ kind: 'noSuccess' }, { times: 1 });
    const channel = rig.open({ loginLimitMs: 100 });
    expect(await channel.told('connectionLost')).toMatchObject({ fate: 'transient', code: 'login_timed_out' });
  });

  it('does not count what Baileys asks after it was let in, and the server leaves without an answer, as login', async () => {
    const rig = await start();
    await (await rig.pair()).close();
    rig.simulator.faults.add({ kind: 'query', on: 'get encrypt count', how: 'silent' });
    const channel = rig.open({ loginLimitMs: 3_000, queryTimeoutMs: 3_500 });
    await channel.told('connectionOpened');
    expect(channel.of('connectionLost')).toEqual([]);
  });

  it.each([
    [401, 'upgrade_refused'],
    [403, 'upgrade_refused'],
    [429, 'upgrade_refused'],
    [503, 'service_unavailable'],
  ] as const)('is told at once when the connection is answered with HTTP %i', async (status, code) => {
    const rig = await start();
    rig.simulator.faults.add({ kind: 'refuseUpgrade', status });
    const lost = await rig.open().told('connectionLost');
    expect(lost).toMatchObject({ fate: 'transient', code });
    expect(lost.message).toContain(String(status));
  });

  it('is told when there is nobody at the address', async () => {
    const rig = await start();
    const { socketUrl, close } = rig.simulator;
    await close();
    const channel = rig.open();
    expect(socketUrl).toContain('127.0.0.1');
    expect(await channel.told('connectionLost')).toMatchObject({ fate: 'transient' });
  });

  it('leaves requests that wait for an answer unreachable', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const truth = [...rig.simulator.groundTruth({ chat: 'Ada' })].findLast(({ type }) => type !== 'system');
    if (truth === undefined) throw new Error('Ada is silent.');
    rig.simulator.faults.add({ kind: 'silentPhone' }, { times: 1 });
    const from = {
      externalId: truth.messageId,
      senderId: truth.senderId,
      isFromMe: truth.isFromMe,
      at: truth.timestamp,
    };
    const request = { externalId: truth.channelId, before: null, limit: 50, from };
    const failing = Effect.runPromise(Effect.flip(channel.connection.history.read(request)));
    await rig.until(() => rig.simulator.log.historyRequests[0]);
    rig.simulator.dropConnections();
    expect((await failing)._tag).toBe('Unreachable');
  });

  it('has every code explained to operators', () => {
    const page = readFileSync('docs/WHATSAPP.md', 'utf8');
    const explained = [...page.matchAll(/^\| `([a-z_]+)` \| (?:transient|refused|loggedOut) \|/gm)].map(
      ([, code]) => code,
    );
    expect([...LOSS_CODES].sort()).toEqual(explained.sort());
  });
});

describe('logging out', () => {
  it('removes the device from the account', async () => {
    const rig = await start();
    const channel = await rig.pair();
    await Effect.runPromise(channel.connection.logOut);
    await eventually('the device is gone', 5_000, async () => rig.simulator.account().linked.length === 0);
    expect(channel.of('connectionLost')).toEqual([]);
  });
});

describe('the reason of a closed socket', () => {
  const closed = (statusCode: number, message = 'closed'): Error =>
    Object.assign(new Error(message), { output: { statusCode } });

  it.each([
    [closed(408, 'QR refs attempts ended'), 'refused', 'pairing_timed_out'],
    [closed(408), 'transient', 'connection_lost'],
    [closed(411), 'refused', 'multidevice_mismatch'],
    [closed(428), 'transient', 'connection_lost'],
    [closed(500), 'transient', 'bad_session'],
    [closed(599), 'transient', 'unreachable'],
    [new Error('no status'), 'transient', 'unreachable'],
    [undefined, 'transient', 'unreachable'],
  ] as const)('decides over its fate: %s', (error, fate, code) => {
    expect(lossOf(error)).toMatchObject({ fate, code });
  });
});

describe('a connection that only listens', () => {
  it('shows itself to nobody, confirms no reading, and is silent once it is open', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    await rig.simulator.edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: { type: 'text', text: 'hi' } });
    await channel.told('messagesArrived');
    await rig.settled();
    const { stanzas, receipts } = rig.simulator.log;
    const presences = stanzas.filter(({ tag }) => tag === 'presence').map(({ attrs }) => attrs['type']);
    expect(presences.filter((type) => type !== 'unavailable')).toEqual([]);
    expect(stanzas.filter(({ tag }) => tag === 'chatstate')).toEqual([]);
    expect(receipts.filter(({ type }) => type === 'read' || type === 'read-self' || type === 'played')).toEqual([]);
    expect(rig.simulator.log.historyRequests).toEqual([]);
  });
});
