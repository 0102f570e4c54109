import type { BinaryNode } from '@whiskeysockets/baileys';
import type { KeyBundle, PartyState } from '../signal/signal-party.ts';
import type { WorldEdit } from '../world/world-edit.ts';

/**
 * What a simulator keeps between two lives: everything that does not follow from plan and seed. JSON by `BufferJSON`.
 */
export interface SimulatorState {
  readonly seed: number;
  /** The world is built as of this instant, ms. */
  readonly bornAt: number;
  /** Signs the paths of files. */
  readonly mediaSecret: Buffer;
  /** By phone number. */
  readonly accounts: Record<string, AccountState>;
}

export interface AccountState {
  readonly phone: PartyState;
  /** By phone number. */
  readonly contacts: Record<string, PartyState>;
  readonly devices: DeviceState[];
  nextDeviceId: number;
  /** What happened to the world since it was born. */
  readonly journal: WorldEdit[];
  readonly appState: AppStateState;
  isBanned: boolean;
}

/** The key of the app state, and the patches of each collection, encoded. */
export interface AppStateState {
  readonly keyId: Buffer;
  readonly keyData: Buffer;
  readonly collections: Record<
    string,
    { version: number; hash: Buffer; index: Record<string, Buffer>; patches: Buffer[] }
  >;
}

/** A linked device, as the server knows it. */
export interface DeviceState {
  readonly id: number;
  /** Base64. The static key by which it logs in. */
  readonly noiseKey: string;
  bundle: Omit<KeyBundle, 'preKey'>;
  readonly preKeys: { readonly id: number; readonly value: Buffer }[];
  readonly platform: string;
  readonly requiresFullSync: boolean;
  readonly takesInlineBootstrap: boolean;
  /** ms */
  readonly pairedAt: number;
  isRemoved: boolean;
  /** How far the phone came in giving it keys and history; null: it has not begun. */
  greeting: { readonly startedAt: number; sent: number; isDone: boolean } | null;
  /** Opaque bytes that the server once gave as `edge_routing`. */
  readonly routingInfo: Buffer;
  /** Stanzas that it has not acknowledged, oldest first. */
  readonly queue: BinaryNode[];
}
