import { Effect } from 'effect';
import { describe, expect, it } from 'vitest';
import type { SessionVault } from '../../../src/channels/session-vault.ts';
import { prepareBaileys } from '../../simulators/whatsapp/baileys-in-tests.ts';
import { rigs } from './rig.ts';

prepareBaileys();
const start = rigs();

describe('pairing', () => {
  it('shows a QR code, is linked, comes again after 515, and is open as the account', async () => {
    const rig = await start();
    const channel = await rig.pair();
    const { owner } = rig.simulator.account().world;
    const [offered] = channel.of('pairingOffered');
    expect(offered?.offer.kind).toBe('qr');
    expect((offered?.offer.expiresAt ?? 0) - Date.now()).toBeGreaterThan(50_000);
    expect(channel.of('connectionOpened').map(({ account }) => account.externalId)).toEqual([owner.pn]);
    expect(channel.of('connectionLost')).toEqual([]);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('gives a code for the phone of the given number, and shows no QR code', async () => {
    const rig = await start();
    const channel = await rig.pair({ pairWith: '491700000001' });
    const offers = channel.of('pairingOffered').map(({ offer }) => offer);
    expect(offers).toEqual([
      {
        kind: 'code',
        code: expect.stringMatching(/^[1-9A-Z]{8}$/),
        phoneNumber: '491700000001',
        expiresAt: expect.any(Number),
      },
    ]);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it.each(['bare', 'silent'] as const)(
    'gives a code also when the server takes the request without a word: %s',
    async (how) => {
      const rig = await start();
      rig.simulator.faults.add({ kind: 'codeAnswer', how });
      const channel = await rig.pair({ pairWith: '491700000001' });
      expect(channel.of('pairingOffered').length).toBe(1);
      expect(rig.simulator.log.violations).toEqual([]);
    },
  );

  it('gives no code when the server refuses the request', async () => {
    const rig = await start();
    rig.simulator.faults.add({ kind: 'codeAnswer', how: 'refused' });
    const channel = rig.open({ pairWith: '491700000001' });
    expect(await channel.told('connectionLost')).toMatchObject({ fate: 'refused', code: 'pairing_failed' });
    expect(channel.of('pairingOffered')).toEqual([]);
  });

  it('does not say that it is paired before its credentials are kept', async () => {
    const rig = await start();
    const [writing, kept] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const vault: SessionVault = {
      ...rig.vault,
      write: (change) =>
        change.secrets.some(({ kind }) => kind === 'creds')
          ? Effect.sync(writing.resolve).pipe(
              Effect.andThen(Effect.promise(() => kept.promise)),
              Effect.andThen(rig.vault.write(change)),
            )
          : rig.vault.write(change),
    };
    const channel = rig.open({ vault });
    await channel.scanned(rig.simulator);
    await writing.promise;
    // A round trip, in which the server would have heard of it.
    await fetch(`${rig.simulator.mediaUrl}/nothing`);
    expect(rig.simulator.account().linked).toEqual([]);
    kept.resolve();
    await channel.told('connectionOpened');
    expect(rig.simulator.account().linked.length).toBe(1);
  });

  it('keeps nothing of a pairing that nobody completed', async () => {
    const rig = await start();
    const channel = rig.open({ pairWith: '491700000001' });
    await channel.told('pairingOffered');
    await channel.close();
    expect([...rig.vault.secrets.keys()]).toEqual([]);
  });

  it('logs in again from the vault alone, with another continuity, and offers no pairing', async () => {
    const rig = await start();
    const first = await rig.pair();
    await first.close();
    const second = rig.open();
    const opened = await second.told('connectionOpened');
    expect(opened.continuity).not.toBe(first.of('connectionOpened')[0]?.continuity);
    expect(second.of('pairingOffered')).toEqual([]);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('forgets the keys of a session whose credentials are gone', async () => {
    const rig = await start();
    const first = await rig.pair();
    await first.close();
    const former = [...rig.vault.secrets.keys()].filter((key) => key.startsWith('pre-key/')).length;
    expect(former).toBeGreaterThan(100);
    await Effect.runPromise(rig.vault.write({ secrets: [{ kind: 'creds', name: 'creds', value: null }], pushed: [] }));
    const second = rig.open();
    await second.told('pairingOffered');
    expect([...rig.vault.secrets.keys()]).toEqual([]);
  });
});
