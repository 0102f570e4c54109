import {
  addTransactionCapability,
  type BinaryNode,
  proto,
  type SignalKeyStoreWithTransaction,
} from '@whiskeysockets/baileys';
import { Effect } from 'effect';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { SessionVault, VaultChange } from '../../../../src/channels/session-vault.ts';
import { AwaitedAnswers, type HistoryNotification } from '../../../../src/channels/whatsapp/keeping/awaited-answers.ts';
import { IncomingHistory } from '../../../../src/channels/whatsapp/keeping/incoming-history.ts';
import { changeTold } from '../../../../src/channels/whatsapp/keeping/kept-change.ts';
import { notificationOf } from '../../../../src/channels/whatsapp/keeping/kept-notification.ts';
import { durableRepository } from '../../../../src/channels/whatsapp/keeping/signal-repository.ts';
import { AuthState, type VaultTrouble } from '../../../../src/channels/whatsapp/keys/auth-state.ts';
import { baileysLogger } from '../../../../src/channels/whatsapp/socket/baileys-logger.ts';
import { SeenStanzas } from '../../../../src/channels/whatsapp/socket/seen-stanzas.ts';
import { StoreUnavailable } from '../../../../src/domain/errors.ts';
import { InstanceId } from '../../../../src/domain/ids.ts';
import { silentLog } from '../../../../src/domain/log.ts';
import { memoryVault } from '../../../harness/memory-vault.ts';
import { newParty, SignalParty } from '../../../simulators/whatsapp/signal/signal-party.ts';
import { unholdBaileysTimers } from '../../../simulators/whatsapp/unheld-timers.ts';

const PHONE = '491700000001@s.whatsapp.net';
const US = '491700000001:1@s.whatsapp.net';
const STRANGER = '491799999999@s.whatsapp.net';
const Told = proto.Message.ProtocolMessage.Type;

const notice = (requestId?: string): proto.IMessage => ({
  protocolMessage: {
    type: Told.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: {
      syncType: proto.HistorySync.HistorySyncType.RECENT,
      directPath: '/v/t62/history.enc',
      ...(requestId === undefined ? {} : { peerDataRequestSessionId: requestId }),
    },
  },
});

/** What gets as far as the console, in place before the first session is made. */
const printed: unknown[][] = [];
const METHODS = ['log', 'info', 'warn', 'error'] as const;
const own = METHODS.map((method) => [method, console[method]] as const);
for (const method of METHODS) console[method] = (...words: unknown[]) => void printed.push(words);
const holdTimers = unholdBaileysTimers();
afterAll(() => {
  holdTimers();
  for (const [method, print] of own) console[method] = print;
});

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Our side of Signal, with a vault of which every write is noted, and somebody who speaks to us. */
const speaking = async (jid: string, writes: { fail: boolean } = { fail: false }) => {
  const vault = memoryVault();
  const changes: VaultChange[] = [];
  const troubles: VaultTrouble[] = [];
  const write: SessionVault['write'] = (change) => {
    if (writes.fail) return Effect.fail(new StoreUnavailable({ cause: 'gone' }));
    changes.push(change);
    return vault.write(change);
  };
  const state = await AuthState.open({
    vault: { ...vault, write },
    onTrouble: (trouble) => troubles.push(trouble),
    onStored: () => {},
  });
  state.creds.me = { id: US, name: 'Owner' };
  const awaited = new AwaitedAnswers();
  const stanzas = new SeenStanzas();
  const logger = baileysLogger(silentLog, InstanceId.make('00000000-0000-4000-8000-000000000001'));
  const keys: SignalKeyStoreWithTransaction = addTransactionCapability(state.keys, logger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 0,
  });
  let isCurrent = true;
  const missed: BinaryNode[] = [];
  const make = durableRepository({
    state,
    stanzas,
    awaited,
    incoming: new IncomingHistory(false),
    missed: (stanza) => missed.push(stanza),
    now: Date.now,
    isCurrent: () => isCurrent,
  });
  const repository = make({ creds: state.creds, keys }, logger, async () => []);
  const party = new SignalParty(jid, newParty(), () => {});
  const { signedPreKey, signedIdentityKey, registrationId } = state.creds;
  const beginAnew = (): Promise<void> =>
    party.beginSession(US, {
      registrationId,
      identity: Buffer.from(signedIdentityKey.public),
      signedPreKey: {
        id: signedPreKey.keyId,
        value: Buffer.from(signedPreKey.keyPair.public),
        signature: Buffer.from(signedPreKey.signature),
      },
      preKey: null,
    });
  await beginAnew();
  open.push(() => {
    party.close();
    repository.close?.();
  });
  const seal = async (message: proto.IMessage) => {
    const { type, bytes } = await party.encrypt(US, message);
    if (type === 'skmsg') throw new Error('no group');
    return { jid, type, ciphertext: bytes };
  };
  const retire = (): void => {
    isCurrent = false;
  };
  /** Comes in over the socket. */
  const hear = (attrs: Record<string, string>, type: string, content: Uint8Array): void =>
    stanzas.see({ tag: 'message', attrs, content: [{ tag: 'enc', attrs: { v: '2', type }, content }] });
  return { vault, changes, troubles, missed, state, awaited, keys, repository, party, seal, hear, retire, beginAnew };
};

describe('what a device of our own tells once', () => {
  it('is durable in the write of the ratchet, before it is handed out', async () => {
    const { vault, changes, repository, seal } = await speaking(PHONE);
    const sealed = await seal(notice());
    await repository.decryptMessage(sealed);
    expect(changes.length).toBe(1);
    expect(changes[0]?.secrets.map(({ kind }) => kind).sort()).toEqual(['identity-key', 'session']);
    expect(vault.pushed.map(({ body }) => notificationOf(body).directPath)).toEqual(['/v/t62/history.enc']);
  });

  it('is refused when it comes again, and is there once', async () => {
    const { vault, repository, seal } = await speaking(PHONE);
    const sealed = await seal(notice());
    await repository.decryptMessage(sealed);
    await expect(repository.decryptMessage(sealed)).rejects.toThrow();
    await repository.decryptMessage(await seal(notice()));
    expect(vault.pushed.length).toBe(1);
  });

  it('is kept also where it was sent on from another device', async () => {
    const { vault, repository, seal } = await speaking(PHONE);
    await repository.decryptMessage(await seal({ deviceSentMessage: { destinationJid: PHONE, message: notice() } }));
    expect(vault.pushed.length).toBe(1);
  });

  it('is nobody else’s to tell', async () => {
    const { vault, changes, repository, seal } = await speaking(STRANGER);
    await repository.decryptMessage(await seal(notice()));
    await repository.decryptMessage(
      await seal({
        protocolMessage: {
          type: Told.APP_STATE_SYNC_KEY_SHARE,
          appStateSyncKeyShare: {
            keys: [{ keyId: { keyId: Buffer.from([1]) }, keyData: { keyData: Buffer.alloc(32) } }],
          },
        },
      }),
    );
    expect(vault.pushed).toEqual([]);
    expect(changes.flatMap(({ secrets }) => secrets).map(({ kind }) => kind)).not.toContain('app-state-sync-key');
  });

  it('brings keys of the app state into the write of the ratchet', async () => {
    const { changes, repository, state, seal } = await speaking(PHONE);
    const keyData = { keyData: Buffer.alloc(32, 7), timestamp: 1_780_000_000 };
    const keys = [{ keyId: { keyId: Buffer.from([1, 2, 3]) }, keyData }];
    await repository.decryptMessage(
      await seal({ protocolMessage: { type: Told.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys } } }),
    );
    expect(changes.length).toBe(1);
    expect(changes[0]?.secrets.map(({ kind }) => kind)).toContain('app-state-sync-key');
    const held = await state.keys.get('app-state-sync-key', ['AQID']);
    expect(Buffer.from(held['AQID']?.keyData ?? [])).toEqual(Buffer.alloc(32, 7));
  });

  it('goes to whoever waits for it, once, after the ratchet is durable', async () => {
    const { vault, changes, awaited, repository, seal } = await speaking(PHONE);
    const taken: [HistoryNotification, number][] = [];
    awaited.expect('REQUEST', (answer) => taken.push([answer, changes.length]));
    await repository.decryptMessage(await seal(notice('REQUEST')));
    expect(taken.map(([{ directPath }, writes]) => [directPath, writes])).toEqual([['/v/t62/history.enc', 1]]);
    expect(vault.pushed).toEqual([]);
    await repository.decryptMessage(await seal(notice('REQUEST')));
    expect(taken.length).toBe(1);
    expect(vault.pushed.length).toBe(1);
  });

  it('is not handed out, and can be read again, when it could not be saved', async () => {
    const writes = { fail: true };
    const { troubles, awaited, repository, seal } = await speaking(PHONE, writes);
    const taken: HistoryNotification[] = [];
    awaited.expect('REQUEST', (answer) => taken.push(answer));
    await expect(repository.decryptMessage(await seal(notice('REQUEST')))).rejects.toThrow();
    expect(troubles.map(({ of }) => of)).toEqual(['write']);
    expect(taken).toEqual([]);
  });

  it('is not touched once the socket is closed', async () => {
    const { changes, repository, seal, retire } = await speaking(PHONE);
    const sealed = await seal(notice());
    retire();
    await expect(repository.decryptMessage(sealed)).rejects.toThrow('closed');
    expect(changes).toEqual([]);
  });
});

describe('an edit or a deletion', () => {
  const key = { remoteJid: PHONE, fromMe: false, id: 'TARGET' };
  const revoke: proto.IMessage = { protocolMessage: { type: Told.REVOKE, key } };
  const edit: proto.IMessage = {
    editedMessage: {
      message: {
        protocolMessage: { type: Told.MESSAGE_EDIT, key, editedMessage: { conversation: 'new' }, timestampMs: 1 },
      },
    },
  };

  it('is durable in the write of the ratchet, with the key and the time of its stanza, whoever tells it', async () => {
    const { vault, changes, repository, seal, hear } = await speaking(STRANGER);
    for (const [id, message] of [
      ['S1', edit],
      ['S2', { conversation: 'no change' }],
      ['S3', revoke],
    ] as const) {
      const sealed = await seal(message);
      hear({ id, from: STRANGER, t: '1780000000' }, sealed.type, sealed.ciphertext);
      await repository.decryptMessage(sealed);
    }
    expect(changes.map(({ pushed }) => pushed.length)).toEqual([1, 0, 1]);
    expect(changes[0]?.secrets.map(({ kind }) => kind)).toContain('session');
    expect(vault.pushed.map((push) => changeTold(push))).toMatchObject([
      { key: { remoteJid: STRANGER, fromMe: false, id: 'S1' }, message: { editedMessage: {} } },
      { key: { id: 'S3' }, message: { protocolMessage: { type: Told.REVOKE, key: { id: 'TARGET' } } } },
    ]);
    expect(Number(changeTold(vault.pushed[0] ?? { name: '', body: '' }).messageTimestamp)).toBe(1_780_000_000);
  });

  it('is kept in a group, and where the owner made it on the phone', async () => {
    const group = '120363000000000001@g.us';
    const others = await speaking(STRANGER);
    const { sealed, keyMessage } = await others.party.encryptForGroup(group, US, revoke);
    others.hear({ id: 'S1', from: group, participant: STRANGER, t: '1780000000' }, sealed.type, sealed.bytes);
    const item = keyMessage?.senderKeyDistributionMessage ?? {};
    await others.repository.processSenderKeyDistributionMessage({ authorJid: STRANGER, item });
    await others.repository.decryptGroupMessage({ group, authorJid: STRANGER, msg: sealed.bytes });
    expect(others.vault.pushed.map((push) => changeTold(push).key)).toMatchObject([
      { remoteJid: group, participant: STRANGER, id: 'S1' },
    ]);
    expect(others.changes.at(-1)?.secrets.map(({ kind }) => kind)).toEqual(['sender-key']);

    const own = await speaking(PHONE);
    const copy = await own.seal({ deviceSentMessage: { destinationJid: STRANGER, message: edit } });
    own.hear({ id: 'S2', from: PHONE, recipient: STRANGER, t: '1780000000' }, copy.type, copy.ciphertext);
    await own.repository.decryptMessage(copy);
    expect(own.vault.pushed.map((push) => changeTold(push).key)).toMatchObject([
      { remoteJid: STRANGER, fromMe: true, id: 'S2' },
    ]);
  });
});

describe('what cannot be decrypted', () => {
  it('is told by its stanza, as what comes again after its ratchet was saved, but not once the socket is closed', async () => {
    const { repository, seal, hear, missed, retire } = await speaking(STRANGER);
    const sealed = await seal({ conversation: 'once' });
    hear({ id: 'S1', from: STRANGER, t: '1780000000' }, sealed.type, sealed.ciphertext);
    await repository.decryptMessage(sealed);
    expect(missed).toEqual([]);
    await expect(repository.decryptMessage(sealed)).rejects.toThrow();
    expect(missed.map(({ attrs }) => attrs['id'])).toEqual(['S1']);
    const inGroup = new Uint8Array([1, 2, 3]);
    hear({ id: 'S2', from: '120363000000000001@g.us', participant: STRANGER, t: '1780000000' }, 'skmsg', inGroup);
    const group = { group: '120363000000000001@g.us', authorJid: STRANGER, msg: inGroup };
    await expect(repository.decryptGroupMessage(group)).rejects.toThrow();
    expect(missed.map(({ attrs }) => attrs['id'])).toEqual(['S1', 'S2']);
    retire();
    await expect(repository.decryptMessage(sealed)).rejects.toThrow();
    expect(missed.length).toBe(2);
  });
});

describe('a pair of addresses of which one is our own', () => {
  it('is neither kept nor followed', async () => {
    const { state, repository, changes } = await speaking(PHONE);
    state.creds.me = { id: US, lid: '111:1@lid', name: 'Owner' };
    await state.keys.set({
      'device-list': { '491700000001': ['0'] },
      session: { '491700000001.0': Buffer.from('{}') },
    });
    const before = changes.length;
    await repository.lidMapping.storeLIDPNMappings([{ lid: '222@lid', pn: PHONE }]);
    expect(await repository.migrateSession(PHONE, '222@lid')).toMatchObject({ migrated: 0 });
    expect(changes.length).toBe(before);
    expect(await repository.lidMapping.getPNForLID('222@lid')).toBeNull();
    await repository.lidMapping.storeLIDPNMappings([
      { lid: '111@lid', pn: PHONE },
      { lid: '222@lid', pn: STRANGER },
    ]);
    expect(await repository.lidMapping.getPNForLID('222@lid')).toBe(STRANGER.replace('@', ':0@'));
  });
});

describe('a session that is closed for a new one', () => {
  it('is not printed, private keys and all, as libsignal would', async () => {
    const { repository, seal, beginAnew } = await speaking(PHONE);
    await repository.decryptMessage(await seal({ conversation: 'first session' }));
    await beginAnew();
    const sealed = await seal({ conversation: 'second session' });
    printed.length = 0;
    await repository.decryptMessage(sealed);
    expect(printed).toEqual([]);
  });
});

describe('what is encrypted', () => {
  it('has its ratchet saved before it can leave, also within a transaction of the library', async () => {
    const { changes, keys, repository, seal } = await speaking(PHONE);
    await repository.decryptMessage(await seal({ conversation: 'so that there is a session' }));
    const before = changes.length;
    await keys.transaction(async () => {
      await repository.encryptMessage({ jid: PHONE, data: Buffer.from('hello') });
      expect(changes.length).toBe(before + 1);
      expect(changes.at(-1)?.secrets.map(({ kind }) => kind)).toEqual(['session']);
    }, 'as relayMessage does');
  });

  it('uses no key twice, however much is asked for at a time and under whichever address', async () => {
    const { repository, seal } = await speaking(PHONE);
    await repository.decryptMessage(await seal({ conversation: 'so that there is a session' }));
    const sealed = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        repository.encryptMessage({
          jid: at % 2 === 0 ? PHONE : '491700000001:0@s.whatsapp.net',
          data: Buffer.from('same'),
        }),
      ),
    );
    expect(new Set(sealed.map(({ ciphertext }) => Buffer.from(ciphertext).toString('hex'))).size).toBe(20);
  });
});
