/** How many values stay in memory: a busy account uses some hundreds of sessions and mappings at a time. */
const SIZE = 1_000;

/** What was read or written last, least recently used out first. Null: known not to be held. */
export class ValueCache {
  readonly #values = new Map<string, string | null>();
  readonly #size: number;

  constructor(size = SIZE) {
    this.#size = size;
  }

  get(kind: string, name: string): string | null | undefined {
    const key = `${kind}/${name}`;
    const value = this.#values.get(key);
    if (value !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  put(kind: string, name: string, value: string | null): void {
    const key = `${kind}/${name}`;
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#size) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }

  clear(): void {
    this.#values.clear();
  }
}
