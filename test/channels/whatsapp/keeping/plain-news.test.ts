import { type BinaryNode, proto } from '@whiskeysockets/baileys';
import { Effect } from 'effect';
import { describe, expect, it } from 'vitest';
import { AwaitedAnswers } from '../../../../src/channels/whatsapp/keeping/awaited-answers.ts';
import { IncomingHistory } from '../../../../src/channels/whatsapp/keeping/incoming-history.ts';
import { keepPlainNews } from '../../../../src/channels/whatsapp/keeping/plain-news.ts';
import { AuthState } from '../../../../src/channels/whatsapp/keys/auth-state.ts';
import { memoryVault } from '../../../harness/memory-vault.ts';
import { prepareBaileys } from '../../../simulators/whatsapp/baileys-in-tests.ts';
import { newestOf, readPage, rigs } from '../rig.ts';

prepareBaileys();
const start = rigs();

const notice = (): Buffer =>
  Buffer.from(
    proto.Message.encode({
      protocolMessage: {
        type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
        historySyncNotification: { syncType: proto.HistorySync.HistorySyncType.RECENT, directPath: '/v/history.enc' },
      },
    }).finish(),
  );

const stanza = (attrs: BinaryNode['attrs']): BinaryNode => ({
  tag: 'message',
  attrs: { id: 'A1', ...attrs },
  content: [{ tag: 'plaintext', attrs: {}, content: notice() }],
});

describe('what the phone tells without encryption', () => {
  it('is kept like what it encrypts: pushed history and the keys of the app state', async () => {
    const reference = await start();
    const phone = await reference.pairWithHistory();
    const rig = await start();
    rig.simulator.faults.add({ kind: 'plaintext' }, { times: -1 });
    const channel = await rig.pairWithHistory();
    expect(rig.vault.pushed.length).toBe(reference.vault.pushed.length);
    expect(rig.vault.pushed.length).toBeGreaterThan(1);
    const [kept, sent] = [await rig.readAll(channel), await reference.readAll(phone)];
    expect(kept.map(({ spans }) => spans.length)).toEqual(sent.map(({ spans }) => spans.length));
    expect([...rig.vault.secrets.keys()].filter((key) => key.startsWith('app-state-sync-key/')).length).toBe(1);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('is not acknowledged before it is kept', async () => {
    const rig = await start();
    rig.simulator.faults.add({ kind: 'plaintext' }, { times: -1 });
    const asked = Promise.withResolvers<void>();
    const vault = {
      ...rig.vault,
      write: (change: Parameters<typeof rig.vault.write>[0]) =>
        change.pushed.length > 0
          ? Effect.sync(asked.resolve).pipe(Effect.andThen(Effect.never))
          : rig.vault.write(change),
    };
    const channel = await rig.pair({ vault });
    await asked.promise;
    await rig.simulator.idle();
    rig.simulator.dropConnections();
    void channel.close();
    expect(rig.simulator.log.receipts.filter(({ type }) => type === 'hist_sync')).toEqual([]);
  });

  it('answers the request that waits for it', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const kept = rig.vault.pushed.length;
    rig.simulator.faults.add({ kind: 'plaintext' });
    const { externalId, from } = newestOf(rig, 'Ada');
    expect(await readPage(channel, externalId, from)).toMatchObject({ atStart: false });
    expect(rig.vault.pushed.length).toBe(kept);
  });

  it('is taken from devices of the account alone', async () => {
    const vault = memoryVault();
    const state = await AuthState.open({ vault, onTrouble: () => {}, onStored: () => {} });
    state.creds.me = { id: '491700000001:7@s.whatsapp.net', lid: '111:7@lid', name: 'Owner' };
    const keep = keepPlainNews({
      state,
      awaited: new AwaitedAnswers(),
      incoming: new IncomingHistory(false),
      now: Date.now,
    });
    const others = [
      { from: '491571000001@s.whatsapp.net' },
      { from: '120363000000000001@g.us', participant: '491700000001@s.whatsapp.net' },
      { from: '491571000001@s.whatsapp.net', recipient: '491700000001@s.whatsapp.net' },
    ];
    for (const attrs of others) expect(keep(stanza(attrs))).toBeNull();
    await keep(stanza({ from: '491700000001@s.whatsapp.net', category: 'peer' }));
    expect(vault.pushed.length).toBe(1);
    await state.close();
  });
});
