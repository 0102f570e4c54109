import { type AuthenticationCreds, proto, type SignalDataSet } from '@whiskeysockets/baileys';
import { Effect } from 'effect';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionVault, VaultChange, VaultEntry } from '../../../../src/channels/session-vault.ts';
import { AuthState, type VaultTrouble } from '../../../../src/channels/whatsapp/keys/auth-state.ts';
import { KEY_KINDS } from '../../../../src/channels/whatsapp/keys/stored-value.ts';
import { Contention, StoreUnavailable } from '../../../../src/domain/errors.ts';
import { type MemoryVault, memoryVault } from '../../../harness/memory-vault.ts';

const open = (vault: SessionVault, onTrouble: (trouble: VaultTrouble) => void = () => {}) => {
  const stored: VaultEntry[] = [];
  return AuthState.open({ vault, onTrouble, onStored: (entry) => stored.push(entry) }).then((state) => ({
    state,
    stored,
  }));
};

/** Makes the credentials those of a paired device, as far as matters here. */
const pairUp = ({ creds }: AuthState): void => {
  Object.assign(creds, {
    me: { id: '491700000001:1@s.whatsapp.net', name: 'Owner' },
    account: proto.ADVSignedDeviceIdentity.create({ details: Buffer.from([1, 2]), deviceSignature: Buffer.from([3]) }),
  } satisfies Partial<AuthenticationCreds>);
};

const recording = (vault: MemoryVault): { vault: SessionVault; changes: VaultChange[] } => {
  const changes: VaultChange[] = [];
  const write: SessionVault['write'] = (change) => {
    changes.push(change);
    return vault.write(change);
  };
  return { changes, vault: { ...vault, write } };
};

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((array) => Buffer.from(array));
const name = fc.stringMatching(/^[\w.@:-]{1,20}$/);

/** Values of each kind, as libsignal and Baileys make them. */
const VALUES: { readonly [Kind in (typeof KEY_KINDS)[number]]: fc.Arbitrary<unknown> } = {
  'pre-key': fc.record({ public: bytes, private: bytes }),
  session: fc.record({
    version: fc.constant('v1'),
    _sessions: fc.dictionary(name, fc.record({ registrationId: fc.nat() })),
  }),
  'sender-key': bytes,
  'sender-key-memory': fc.dictionary(name, fc.boolean(), { minKeys: 1 }),
  'app-state-sync-key': fc
    .record({ keyData: bytes, timestamp: fc.nat() })
    .map((key) => proto.Message.AppStateSyncKeyData.fromObject(key)),
  'app-state-sync-version': fc.record({
    version: fc.nat(),
    hash: bytes,
    indexValueMap: fc.dictionary(name, fc.record({ valueMac: bytes })),
  }),
  'lid-mapping': fc.stringMatching(/^[1-9]\d{5,14}$/),
  'device-list': fc.array(fc.nat({ max: 99 }).map(String)),
  tctoken: fc.record({ token: bytes, timestamp: fc.nat().map(String) }),
  'identity-key': bytes,
};

/** As bytes compare: Baileys takes any `Uint8Array`. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, one: unknown) =>
      one instanceof Uint8Array || (typeof one === 'object' && one !== null && 'type' in one && one.type === 'Buffer')
        ? Buffer.from((one as { data?: number[] }).data ?? (one as Uint8Array)).toString('base64')
        : one,
    ),
  );

describe('the authentication state', () => {
  it.each(KEY_KINDS)('gives back what was kept, also in another life: %s', async (kind) => {
    await fc.assert(
      fc.asyncProperty(name, VALUES[kind], async (id, value) => {
        const vault = memoryVault();
        const { state } = await open(vault);
        pairUp(state);
        state.credsChanged();
        await state.keys.set({ [kind]: { [id]: value } } as SignalDataSet);
        const { state: next } = await open(vault);
        for (const life of [state, next]) {
          const held: Record<string, unknown> = await life.keys.get(kind, [id, 'absent']);
          expect(Object.keys(held)).toEqual([id]);
          expect(plain(held[id])).toEqual(plain(value));
        }
        await next.keys.set({ [kind]: { [id]: null } } as SignalDataSet);
        expect(await next.keys.get(kind, [id])).toEqual({});
        expect(vault.secrets.has(`${kind}/${id}`)).toBe(false);
      }),
      { numRuns: 15 },
    );
  });

  it('writes the changes of a transaction, the credentials and what came with them at once', async () => {
    const { vault, changes } = recording(memoryVault());
    const { state } = await open(vault);
    pairUp(state);
    await state.keeping(async (pushes) => {
      pushes.push({ name: 'history', body: 'body' });
      await state.keys.set({ session: { a: Buffer.from([1]) }, 'pre-key': { '7': null } });
    });
    expect(changes).toEqual([
      {
        secrets: [
          { kind: 'session', name: 'a', value: expect.any(String) },
          { kind: 'pre-key', name: '7', value: null },
        ],
        pushed: [{ name: 'history', body: 'body' }],
      },
    ]);
  });

  it('gives the paired credentials back as they were', async () => {
    const vault = memoryVault();
    const { state } = await open(vault);
    state.credsChanged();
    await state.settled();
    expect([...vault.secrets.keys()]).toEqual([]);
    pairUp(state);
    state.credsChanged();
    await state.settled();
    const { state: next } = await open(vault);
    expect(next.isPaired).toBe(true);
    expect(plain(next.creds)).toEqual(plain(state.creds));
    expect(Buffer.from(next.creds.account?.details ?? [])).toEqual(Buffer.from([1, 2]));
  });

  it.each([new StoreUnavailable({ cause: 'gone' }), new Contention({ cause: 'busy' })])(
    'says so once when something could not be saved ($_tag), and writes nothing more',
    async (failure) => {
      const troubles: VaultTrouble[] = [];
      let writes = 0;
      const write = Effect.suspend(() => {
        writes += 1;
        return Effect.fail(failure);
      });
      const { state, stored } = await open({ ...memoryVault(), write: () => write }, (told) => troubles.push(told));
      const first = state.keys.set({ session: { a: Buffer.from([1]) } });
      const second = state.keys.set({ session: { b: Buffer.from([2]) } });
      await expect(first).rejects.toThrow();
      await expect(second).rejects.toThrow();
      await expect(state.keys.set({ session: { c: Buffer.from([3]) } })).rejects.toThrow();
      expect(troubles).toEqual([{ of: 'write', failure }]);
      expect(writes).toBe(1);
      expect(stored).toEqual([]);
    },
  );

  it('says so once when something could not be read, before anybody can take it for absent', async () => {
    const failure = new StoreUnavailable({ cause: 'gone' });
    const troubles: VaultTrouble[] = [];
    const held = memoryVault();
    const read: SessionVault['read'] = (kind, names) =>
      kind === 'session' ? Effect.fail(failure) : held.read(kind, names);
    const { state } = await open({ ...held, read }, (told) => troubles.push(told));
    await expect(state.keys.get('session', ['a'])).rejects.toThrow();
    await expect(state.keys.get('pre-key', ['1'])).rejects.toThrow();
    expect(troubles).toEqual([{ of: 'read', failure }]);
  });

  it('lets what was begun come to its end when it is closed, and refuses what comes after', async () => {
    const { vault, changes } = recording(memoryVault());
    const { state } = await open(vault);
    const begun = state.keys.set({ session: { a: Buffer.from([1]) } });
    await state.close();
    await begun;
    await expect(state.keys.set({ session: { b: Buffer.from([2]) } })).rejects.toThrow();
    expect(changes.length).toBe(1);
  });

  it('never takes for current what was read before something else was written', async () => {
    const vault = memoryVault();
    const { state: writer } = await open(vault);
    pairUp(writer);
    writer.credsChanged();
    await writer.keys.set({ session: { a: Buffer.from([1]) } });
    const gate = Promise.withResolvers<void>();
    const slow: SessionVault = {
      ...vault,
      read: (kind, names) =>
        kind === 'session'
          ? Effect.flatMap(vault.read(kind, names), (read) =>
              Effect.as(
                Effect.promise(() => gate.promise),
                read,
              ),
            )
          : vault.read(kind, names),
    };
    const { state } = await open(slow);
    const stale = state.keys.get('session', ['a']);
    await state.keys.set({ session: { a: Buffer.from([2]) } });
    gate.resolve();
    await stale;
    expect(Buffer.from((await state.keys.get('session', ['a']))['a'] ?? [])).toEqual(Buffer.from([2]));
  });
});
