import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Device } from '../device.ts';
import type { SimulatedAccount } from '../simulated-account.ts';

/** Who asks. */
export interface Asker {
  readonly account: SimulatedAccount;
  readonly device: Device;
}

/** What the server says to a query: nodes of a result, or an error in WhatsApp's words. */
export type IqAnswer =
  | { readonly content?: BinaryNode[] }
  | { readonly error: { readonly code: number; readonly text: string } }
  /** It says nothing: the connection ends, or the answer got lost. */
  | null;

export type IqHandler = (iq: BinaryNode, asker: Asker) => IqAnswer | Promise<IqAnswer>;

/** By `type xmlns child`. */
export type IqTable = Readonly<Record<string, IqHandler>>;

export const OK: IqAnswer = {};
