/**
 * Who of all people is in a guild, by their number: the first so many, less who left, and whoever joined later. A
 * hundred thousand members cost nothing.
 */
export class Membership {
  readonly #first: number;
  readonly #left = new Set<number>();
  /** Beyond the first, rising. */
  #later: number[] = [];

  constructor(first: number) {
    this.#first = first;
  }

  get size(): number {
    return this.#first - this.#left.size + this.#later.length;
  }

  has(index: number): boolean {
    return index < this.#first ? !this.#left.has(index) : this.#later.includes(index);
  }

  join(index: number): void {
    if (index < this.#first) this.#left.delete(index);
    else if (!this.#later.includes(index)) this.#later = [...this.#later, index].sort((a, b) => a - b);
  }

  leave(index: number): void {
    if (index < this.#first) this.#left.add(index);
    else this.#later = this.#later.filter((one) => one !== index);
  }

  /** From a number on, rising. */
  *from(start: number): Generator<number> {
    for (let index = start; index < this.#first; index++) if (!this.#left.has(index)) yield index;
    for (const index of this.#later) if (index >= start) yield index;
  }
}
