import { mix } from '../chance.ts';
import { DISCORD_EPOCH_MS, LIVE_BIT, ORDINALS, SECOND_BIT, snowflake, snowflakeMs } from '../snowflake.ts';

export interface HistoryShape {
  readonly seed: number;
  /** Unique in the world, below 2^20: it keeps ids of different channels apart. */
  readonly ordinal: number;
  readonly count: number;
  /** ms, inclusive. */
  readonly from: number;
  /** ms, exclusive. */
  readonly to: number;
}

/**
 * When each message of a planned history was written, and under which id, computed from its index alone:
 * a million messages need no memory. Ids rise strictly with the index, and at most two share a millisecond.
 */
export class BaseHistory {
  readonly #shape: HistoryShape;
  readonly #stepMs: number;

  constructor(shape: HistoryShape) {
    if (shape.ordinal >= ORDINALS) throw new RangeError('A world holds at most 2^20 channels.');
    if (shape.count > 0 && shape.to - shape.from < shape.count) {
      throw new RangeError(`${shape.count} messages do not fit between ${shape.from} and ${shape.to}.`);
    }
    if (shape.from < DISCORD_EPOCH_MS) throw new RangeError('Nothing on Discord is older than 2015.');
    this.#shape = shape;
    this.#stepMs = shape.count > 0 ? (shape.to - shape.from) / shape.count : 1;
  }

  get count(): number {
    return this.#shape.count;
  }

  timestampAt(index: number): number {
    const jitter = mix(this.#shape.seed, this.#shape.ordinal, index, 1) / 0x1_0000_0000;
    return this.#shape.from + Math.floor((index + jitter) * this.#stepMs);
  }

  idAt(index: number): bigint {
    const ms = this.timestampAt(index);
    const second = index > 0 && this.timestampAt(index - 1) === ms ? SECOND_BIT : 0;
    return snowflake(ms, this.#shape.ordinal | second);
  }

  /** How many messages are older than `id`: also the index of the first that is not. */
  countBefore(id: bigint): number {
    const guess = Math.floor((snowflakeMs(id) - this.#shape.from) / this.#stepMs);
    let index = Math.min(Math.max(guess, 0), this.count);
    while (index > 0 && this.idAt(index - 1) >= id) index -= 1;
    while (index < this.count && this.idAt(index) < id) index += 1;
    return index;
  }

  /** The index of the message with this very id, or null. */
  indexOf(id: bigint): number | null {
    if ((Number(id & 0x3fffffn) & (LIVE_BIT | (ORDINALS - 1))) !== this.#shape.ordinal) return null;
    const index = this.countBefore(id);
    return index < this.count && this.idAt(index) === id ? index : null;
  }
}
