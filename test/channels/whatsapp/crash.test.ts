import { Effect } from 'effect';
import { describe, expect, it } from 'vitest';
import type { ConnectionReport } from '../../../src/channels/channel.ts';
import type { SessionVault, VaultChange } from '../../../src/channels/session-vault.ts';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import { prepareBaileys } from '../../simulators/whatsapp/baileys-in-tests.ts';
import type { OpenChannel } from './open-channel.ts';
import { type Rig, rigs } from './rig.ts';

prepareBaileys();
const start = rigs();

type Write = SessionVault['write'];

/** The same vault, with other writes: what becomes of the process is decided in them. */
const writing = (
  vault: SessionVault,
  write: (change: VaultChange, real: Write) => ReturnType<Write>,
): SessionVault => ({
  ...vault,
  write: (change) => write(change, vault.write),
});

const hasHistory = ({ pushed }: VaultChange): boolean => pushed.length > 0;

/** Where in the life of a history notification the process dies. */
const DEATHS = {
  'before it is durable': (): ReturnType<Write> => Effect.never,
  'after it is durable, before its receipt': (change: VaultChange, real: Write) =>
    Effect.andThen(real(change), Effect.never),
} as const;

const inflateAll = async (rig: Rig, channel: OpenChannel) =>
  new Set(
    (await rig.readAll(channel)).flatMap(({ spans }) =>
      spans.flatMap(({ messages }) => messages.map(({ externalId }) => externalId)),
    ),
  );

const histSyncs = (rig: Rig): number => rig.simulator.log.receipts.filter(({ type }) => type === 'hist_sync').length;

describe('a process that dies with an edit or a deletion that it was told', () => {
  it('has it nevertheless, and in order: of others and of the owner, direct and in a group', async () => {
    const rig = await start();
    const first = await rig.pairWithHistory();
    const { edit } = rig.simulator;
    const text = (words: string) => ({ type: 'text', text: words }) as const;
    const write = async (message: { chat: string; from?: string }): Promise<string> => {
      const id = (await edit({ edit: 'message', ...message, content: text('as it was') })) ?? '';
      await first.told('messagesArrived', ({ messages }) =>
        messages.some(({ message: { externalId } }) => externalId === id),
      );
      return id;
    };
    const [ada, own, group] = [
      await write({ chat: 'Ada', from: 'Ada' }),
      await write({ chat: 'Ada' }),
      await write({ chat: 'Sailing', from: 'Ben' }),
    ];
    await first.close();
    const kept = rig.vault.pushed.length;
    const said: ConnectionReport[] = [];
    for (const change of [
      { edit: 'editMessage', chat: 'Ada', messageId: ada, text: 'first' },
      { edit: 'editMessage', chat: 'Ada', messageId: ada, text: 'second' },
      { edit: 'editMessage', chat: 'Ada', messageId: own, text: 'mine' },
      { edit: 'revoke', chat: 'Sailing', messageId: group },
    ] as const) {
      const { promise: died, resolve: die } = Promise.withResolvers<void>();
      const vault = writing(rig.vault, (written, real) => {
        if (written.pushed.length === 0) return real(written);
        queueMicrotask(() => die());
        return DEATHS['after it is durable, before its receipt'](written, real);
      });
      const channel = rig.open({ vault });
      await channel.told('connectionOpened');
      await edit(change);
      await died;
      rig.simulator.dropConnections();
      void channel.close();
      said.push(...channel.of('messagesEdited'), ...channel.of('messagesDeleted'));
    }
    expect(said).toEqual([]);
    const last = rig.open();
    await last.told('connectionOpened');
    await rig.settled();
    const changes = (await rig.readAll(last)).slice(kept);
    expect(changes.every(({ isLive, spans }) => isLive && spans.length === 0)).toBe(true);
    const [adasChat] = rig.simulator.contacts();
    const sailing = rig.simulator.groups().find(({ subject }) => subject === 'Sailing')?.jid;
    expect(changes.flatMap((one) => one.changes)).toMatchObject([
      { conversationExternalId: adasChat?.pn, edited: [{ externalId: ada, text: 'first' }], deleted: [] },
      { conversationExternalId: adasChat?.pn, edited: [{ externalId: ada, text: 'second' }], deleted: [] },
      { conversationExternalId: adasChat?.pn, edited: [{ externalId: own, text: 'mine' }], deleted: [] },
      { conversationExternalId: sailing, edited: [], deleted: [group] },
    ]);
    expect(rig.simulator.log.violations).toEqual([]);
  });
});

describe('a process that dies with a message that it has decrypted and not stored', () => {
  it('says in its next life that it missed one, before it tells of what came after', async () => {
    const rig = await start();
    const first = await rig.pairWithHistory();
    const { edit } = rig.simulator;
    const say = async (text: string): Promise<string> =>
      (await edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: { type: 'text', text } })) ?? '';
    await first.close();

    const { promise: died, resolve: die } = Promise.withResolvers<void>();
    let isAiming = false;
    const vault = writing(rig.vault, (written, real) => {
      if (!isAiming || !written.secrets.some(({ kind }) => kind === 'session')) return real(written);
      queueMicrotask(() => die());
      return DEATHS['after it is durable, before its receipt'](written, real);
    });
    const dying = rig.open({ vault });
    await dying.told('connectionOpened');
    await rig.settled();
    isAiming = true;
    const lost = await say('lost');
    await died;
    rig.simulator.dropConnections();
    void dying.close();
    expect(dying.of('messagesArrived')).toEqual([]);

    const last = rig.open();
    await last.told('connectionOpened');
    const after = await say('after it');
    await last.told('messagesArrived', ({ messages }) => messages.some(({ message }) => message.externalId === after));
    const told = last.reports.filter(({ type }) => type === 'messageMissed' || type === 'messagesArrived');
    const [adasChat] = rig.simulator.contacts();
    expect(told).toMatchObject([
      { type: 'messageMissed', conversationExternalId: adasChat?.pn, externalId: lost },
      { type: 'messagesArrived', messages: [{ message: { externalId: after } }] },
    ]);
  });
});

describe('a process that dies while history is pushed', () => {
  it.each(Object.entries(DEATHS))('loses and doubles nothing: %s', async (_, dies) => {
    const reference = await start();
    const undisturbed = await reference.pairWithHistory();
    const whole = await inflateAll(reference, undisturbed);

    const rig = await start();
    let deaths = 0;
    const arrived: ConnectionReport[] = [];
    for (let life = 0; ; life++) {
      let survived = 0;
      const { promise: died, resolve: die } = Promise.withResolvers<'died'>();
      const vault = writing(rig.vault, (change, real) => {
        // Each life takes one notification more than the one before it.
        if (!hasHistory(change) || survived++ < 1) return real(change);
        queueMicrotask(() => die('died'));
        return dies(change, real);
      });
      const channel = life === 0 ? await rig.pair({ vault }) : rig.open({ vault });
      const settled = channel.told('connectionOpened').then(() => rig.settled());
      const end = await Promise.race([died, settled]);
      // A dying process closes nothing in order: its connection is cut.
      rig.simulator.dropConnections();
      void channel.close();
      arrived.push(...channel.of('messagesArrived'));
      if (end !== 'died') break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(1);
    const last = rig.open();
    await last.told('connectionOpened');
    await rig.settled();
    expect(new Set(rig.vault.pushed.map(({ name }) => name)).size).toBe(rig.vault.pushed.length);
    expect(rig.vault.pushed.length).toBe(reference.vault.pushed.length);
    expect(await inflateAll(rig, last)).toEqual(whole);
    expect(arrived).toEqual([]);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('acknowledges nothing whose write failed, and gives the connection up', async () => {
    const rig = await start();
    const vault = writing(rig.vault, (change, real) =>
      hasHistory(change) ? Effect.fail(new StoreUnavailable({ cause: 'gone' })) : real(change),
    );
    const channel = await rig.pair({ vault });
    const lost = await channel.told('connectionLost');
    expect(lost).toMatchObject({ fate: 'transient', code: 'session_not_saved' });
    expect(rig.vault.pushed).toEqual([]);
    expect(histSyncs(rig)).toBe(0);
    const next = rig.open();
    await next.told('connectionOpened');
    await rig.settled();
    expect(histSyncs(rig)).toBe(rig.vault.pushed.length);
    expect(rig.vault.pushed.length).toBeGreaterThan(2);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('acknowledges nothing that it could not decrypt for want of the database', async () => {
    const rig = await start();
    const broken = new StoreUnavailable({ cause: 'gone' });
    const read: SessionVault['read'] = (kind, names) =>
      kind === 'session' ? Effect.fail(broken) : rig.vault.read(kind, names);
    const channel = rig.open({ vault: { ...rig.vault, read } });
    await channel.scanned(rig.simulator);
    expect(await channel.told('connectionLost')).toMatchObject({ fate: 'transient', code: 'session_unreadable' });
    await channel.close();
    expect(rig.simulator.log.receipts).toEqual([]);
    const next = rig.open();
    await next.told('connectionOpened');
    await rig.settled();
    const reference = await start();
    await reference.pairWithHistory();
    expect(rig.vault.pushed.length).toBe(reference.vault.pushed.length);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('writes a notification together with the ratchet that decrypted it', async () => {
    const rig = await start();
    const changes: VaultChange[] = [];
    const vault = writing(rig.vault, (change, real) => {
      changes.push(change);
      return real(change);
    });
    await rig.pairWithHistory({ vault });
    const withHistory = changes.filter(hasHistory);
    expect(withHistory.length).toBe(rig.vault.pushed.length);
    for (const { secrets, pushed } of withHistory) {
      expect(pushed.length).toBe(1);
      expect(secrets.map(({ kind }) => kind)).toContain('session');
    }
    const withKeys = changes.find(({ secrets }) => secrets.some(({ kind }) => kind === 'app-state-sync-key'));
    expect(withKeys?.secrets.map(({ kind }) => kind)).toContain('session');
  });

  it('writes nothing after it was closed', async () => {
    const rig = await start();
    let isClosed = false;
    const late: VaultChange[] = [];
    const vault = writing(rig.vault, (change, real) => {
      if (isClosed) late.push(change);
      return real(change);
    });
    const channel = await rig.pair({ vault });
    await channel.close();
    isClosed = true;
    await rig.simulator.edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: { type: 'text', text: 'hi' } });
    await rig.simulator.idle();
    expect(late).toEqual([]);
  });
});
