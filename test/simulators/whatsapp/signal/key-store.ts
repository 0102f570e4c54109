import {
  BufferJSON,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from '@whiskeysockets/baileys';

type Kept = Record<string, Record<string, string>>;

/** A key of the app state is a protobuf message, which writes its bytes as base64 by itself. */
const revive = (type: string, text: string): unknown => {
  const value: unknown = JSON.parse(text, BufferJSON.reviver);
  return type === 'app-state-sync-key'
    ? proto.Message.AppStateSyncKeyData.fromObject(value as Record<string, unknown>)
    : value;
};

/** The Signal keys of one party, in memory, each as text: nothing that a reader changes changes what is kept. */
export class KeyStore implements SignalKeyStore {
  readonly #kept: Kept;
  readonly #changed: () => void;

  constructor(kept: Kept, changed: () => void) {
    this.#kept = kept;
    this.#changed = changed;
  }

  async get<T extends keyof SignalDataTypeMap>(
    type: T,
    ids: string[],
  ): Promise<{ [id: string]: SignalDataTypeMap[T] }> {
    const found: { [id: string]: SignalDataTypeMap[T] } = {};
    for (const id of ids) {
      const text = this.#kept[type]?.[id];
      if (text !== undefined) found[id] = revive(type, text) as SignalDataTypeMap[T];
    }
    return found;
  }

  async set(data: SignalDataSet): Promise<void> {
    for (const [type, rows] of Object.entries(data)) {
      this.#kept[type] ??= {};
      const kept = this.#kept[type];
      for (const [id, value] of Object.entries(rows ?? {})) {
        if (value === null) Reflect.deleteProperty(kept, id);
        else kept[id] = JSON.stringify(value, BufferJSON.replacer);
      }
    }
    this.#changed();
  }
}
