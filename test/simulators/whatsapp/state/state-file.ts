import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BufferJSON } from '@whiskeysockets/baileys';
import type { SimulatorState } from './simulator-state.ts';

/** Keeps the state in a folder, or nowhere. Changes of one turn of the event loop are written once. */
export class StateFile {
  readonly state: SimulatorState;
  readonly #path: string | null;
  #due: NodeJS.Immediate | null = null;

  constructor(folder: string | null, fresh: SimulatorState) {
    this.#path = folder === null ? null : join(folder, 'state.json');
    if (folder !== null) mkdirSync(folder, { recursive: true });
    this.state = this.#read() ?? fresh;
  }

  readonly changed = (): void => {
    if (this.#path !== null) this.#due ??= setImmediate(() => this.#write());
  };

  close(): void {
    if (this.#due !== null) this.#write();
  }

  #read(): SimulatorState | null {
    if (this.#path === null) return null;
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8'), BufferJSON.reviver) as SimulatorState;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  #write(): void {
    if (this.#due !== null) clearImmediate(this.#due);
    this.#due = null;
    if (this.#path === null) return;
    writeFileSync(`${this.#path}.new`, JSON.stringify(this.state, BufferJSON.replacer));
    renameSync(`${this.#path}.new`, this.#path);
  }
}
