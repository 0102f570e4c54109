import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type AuthenticationCreds,
  type AuthenticationState,
  initAuthCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
} from '@whiskeysockets/baileys';
import { Cause, Effect, Exit } from 'effect';
import type { NewPush, SessionVault, VaultEntry, VaultFailure } from '../../session-vault.ts';
import {
  decodeCreds,
  decodeValue,
  encodeValue,
  FACT_KINDS,
  type FactKind,
  KEY_KINDS,
  type KeyKind,
} from './stored-value.ts';
import { ValueCache } from './value-cache.ts';
import { VaultWriter, WriterClosed } from './vault-writer.ts';

const CREDS = { kind: 'creds', name: 'creds' };

/** What the vault did not do. */
export type VaultTrouble = { readonly of: 'read' | 'write'; readonly failure: VaultFailure | null };

export interface AuthStateOf {
  readonly vault: SessionVault;
  /**
   * Called once, when something could not be read or saved, and has to end the connection before it returns: Baileys
   * takes either for a message that cannot be decrypted, and would acknowledge it to the server, which then forgets it.
   */
  readonly onTrouble: (trouble: VaultTrouble) => void;
  /** Told of what became durable, key by key. */
  readonly onStored: (entry: VaultEntry) => void;
}

/**
 * The authentication state of one connection: in memory as Baileys wants it, durable in the vault and nowhere else.
 * Baileys gathers the changes of a key transaction and gives them to `keys.set` once, at its end; that is one
 * `vault.write`, together with what `keeping` gathered meanwhile and with the credentials if they changed. Credentials
 * of a number that is not paired yet are not kept: they are worth nothing.
 */
export class AuthState implements AuthenticationState {
  readonly creds: AuthenticationCreds;
  readonly #vault: SessionVault;
  readonly #writer: VaultWriter;
  readonly #cache = new ValueCache();
  readonly #keeping = new AsyncLocalStorage<NewPush[]>();
  readonly #onStored: (entry: VaultEntry) => void;
  #writes = 0;
  #credsChanged = false;
  #isTroubled = false;
  readonly #onTrouble: (trouble: VaultTrouble) => void;

  private constructor(creds: AuthenticationCreds, { vault, onTrouble, onStored }: AuthStateOf) {
    this.creds = creds;
    this.#vault = vault;
    this.#onTrouble = onTrouble;
    this.#writer = new VaultWriter(vault, (failure) => this.#giveUp({ of: 'write', failure }));
    this.#onStored = onStored;
  }

  #giveUp(trouble: VaultTrouble): void {
    if (this.#isTroubled) return;
    this.#isTroubled = true;
    this.#onTrouble(trouble);
  }

  async #ask<A>(effect: Effect.Effect<A, VaultFailure>): Promise<A> {
    if (this.#isTroubled) throw new WriterClosed('The vault failed before; nothing is read any more.');
    const exit = await Effect.runPromiseExit(effect);
    if (Exit.isSuccess(exit)) return exit.value;
    const failure = exit.cause.reasons.find(Cause.isFailReason)?.error ?? null;
    this.#giveUp({ of: 'read', failure });
    throw new WriterClosed('The session could not be read.');
  }

  /** Rejects when the vault cannot be used. */
  static async open(of: AuthStateOf): Promise<AuthState> {
    const held = (await Effect.runPromise(of.vault.read(CREDS.kind, [CREDS.name]))).get(CREDS.name);
    if (held !== undefined) return new AuthState(decodeCreds(held), of);
    const fresh = new AuthState(initAuthCreds(), of);
    await fresh.#forgetAll();
    return fresh;
  }

  /** Keys of a session that ended would be taken for keys of the next one. */
  async #forgetAll(): Promise<void> {
    const secrets: VaultEntry[] = [];
    for (const kind of [...KEY_KINDS, ...FACT_KINDS]) {
      const held = await this.readAll(kind);
      for (const name of held.keys()) secrets.push({ kind, name, value: null });
    }
    if (secrets.length > 0) await this.#writer.write(() => ({ secrets, pushed: [] }));
  }

  /** Whether a phone vouches for us. */
  get isPaired(): boolean {
    return this.creds.account !== undefined && this.creds.me !== undefined;
  }

  readonly keys = {
    get: async <Kind extends KeyKind>(
      kind: Kind,
      names: string[],
    ): Promise<{ [name: string]: SignalDataTypeMap[Kind] }> => {
      const texts = await this.#read(kind, names);
      return Object.fromEntries([...texts].map(([name, text]) => [name, decodeValue(kind, text)]));
    },
    set: (data: SignalDataSet): Promise<void> => this.#save(entriesOf(data), this.#keeping.getStore()?.splice(0) ?? []),
  };

  /** The credentials were changed in place, as Baileys does. */
  credsChanged(): void {
    this.#credsChanged = true;
    // Whoever sees to the connection learns of a failure from `onTrouble`.
    this.#save([], []).catch(() => {});
  }

  /** What `work` adds to the list becomes durable in one write with the next keys that `work` saves. */
  async keeping<A>(work: (pushes: NewPush[]) => Promise<A>): Promise<A> {
    const pushes: NewPush[] = [];
    const result = await this.#keeping.run(pushes, () => work(pushes));
    if (pushes.length > 0) await this.#save([], pushes.splice(0));
    return result;
  }

  /** Everything that is held of one kind. */
  readAll(kind: KeyKind | FactKind): Promise<ReadonlyMap<string, string>> {
    return this.#ask(this.#vault.readAll(kind));
  }

  /** Facts of ours about the session, which end with it. */
  recall(kind: FactKind, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#read(kind, names);
  }

  remember(facts: readonly (VaultEntry & { readonly kind: FactKind })[]): Promise<void> {
    return this.#save(facts, []);
  }

  settled(): Promise<void> {
    return this.#writer.settled();
  }

  async close(): Promise<void> {
    await this.#writer.close();
    this.#cache.clear();
  }

  async #read(kind: KeyKind | FactKind, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    const missing: string[] = [];
    for (const name of new Set(names)) {
      const value = this.#cache.get(kind, name);
      if (value === undefined) missing.push(name);
      else if (value !== null) found.set(name, value);
    }
    if (missing.length === 0) return found;
    const writes = this.#writes;
    const read = await this.#ask(this.#vault.read(kind, missing));
    for (const name of missing) {
      const value = read.get(name) ?? null;
      if (value !== null) found.set(name, value);
      // What was read while something was written may be older than what was written.
      if (writes === this.#writes) this.#cache.put(kind, name, value);
    }
    return found;
  }

  async #save(entries: readonly VaultEntry[], pushed: readonly NewPush[]): Promise<void> {
    let written: readonly VaultEntry[] = [];
    await this.#writer.write(() => {
      const withCreds = this.#credsChanged && this.isPaired;
      this.#credsChanged = false;
      written = withCreds ? [...entries, { ...CREDS, value: encodeValue(this.creds) }] : entries;
      if (written.length === 0 && pushed.length === 0) return null;
      this.#writes += 1;
      return { secrets: written, pushed };
    });
    if (written.length === 0) return;
    this.#writes += 1;
    for (const entry of entries) {
      this.#cache.put(entry.kind, entry.name, entry.value);
      this.#onStored(entry);
    }
  }
}

const entriesOf = (data: SignalDataSet): readonly VaultEntry[] =>
  Object.entries(data).flatMap(([kind, values]) =>
    Object.entries(values ?? {}).map(([name, value]) => ({
      kind,
      name,
      value: value === null || value === undefined ? null : encodeValue(value),
    })),
  );
