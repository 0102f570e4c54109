import { Effect } from 'effect';
import type { KeptPush, SessionVault } from '../../src/channels/session-vault.ts';

export interface MemoryVault extends SessionVault {
  readonly secrets: ReadonlyMap<string, string>;
  /** In the order in which they came. */
  readonly pushed: readonly KeptPush[];
}

/** A vault that forgets with the process: for connections that are opened without a database. */
export const memoryVault = (): MemoryVault => {
  const secrets = new Map<string, string>();
  const pushed: KeptPush[] = [];
  const keyOf = (kind: string, name: string): string => `${kind}/${name}`;
  return {
    secrets,
    pushed,
    read: (kind, names) =>
      Effect.sync(
        () =>
          new Map(
            names.flatMap((name) => {
              const value = secrets.get(keyOf(kind, name));
              return value === undefined ? [] : [[name, value] as const];
            }),
          ),
      ),
    readAll: (kind) =>
      Effect.sync(() => {
        const prefix = keyOf(kind, '');
        return new Map(
          [...secrets].flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [])),
        );
      }),
    write: (change) =>
      Effect.sync(() => {
        for (const { kind, name, value } of change.secrets) {
          if (value === null) secrets.delete(keyOf(kind, name));
          else secrets.set(keyOf(kind, name), value);
        }
        for (const { name, body } of change.pushed) {
          if (!pushed.some((kept) => kept.name === name)) pushed.push({ id: pushed.length + 1, name, body });
        }
      }),
  };
};
