import { withinCalendar } from './instants.ts';

/**
 * Columns of a page as array parameters in PostgreSQL's binary format (`array_recv` in its arrayfuncs.c: dimensions,
 * whether there are nulls, element type, length, lower bound, then each element after its length). Both drivers send a
 * Buffer as it is, so a page is neither quoted here nor parsed there: in the text format that takes as long as storing
 * it.
 */

/** Of pg_type, fixed for good. */
const TYPES = { bool: 16, text: 25, json: 114, timestamptz: 1184 } as const;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;

const headerInto = (buffer: Buffer, type: keyof typeof TYPES, length: number, hasNulls: boolean): void => {
  // No dimension has no elements; the rest is not read then.
  buffer.writeInt32BE(length === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(hasNulls ? 1 : 0, 4);
  buffer.writeInt32BE(TYPES[type], 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
};

const sized = (buffer: Buffer, length: number): Buffer => (length === 0 ? buffer.subarray(0, 12) : buffer);

/** `type` says how the server reads the texts. */
const texts = (type: 'text' | 'json', values: readonly (string | null)[]): Buffer => {
  const sizes = values.map((value) => (value === null ? NULL_LENGTH : Buffer.byteLength(value)));
  const bytes = sizes.reduce((sum, size) => sum + LENGTH_BYTES + Math.max(0, size), HEADER_BYTES);
  const buffer = Buffer.allocUnsafe(bytes);
  headerInto(buffer, type, values.length, sizes.includes(NULL_LENGTH));
  let offset = HEADER_BYTES;
  for (const [index, value] of values.entries()) {
    offset = buffer.writeInt32BE(sizes[index] ?? NULL_LENGTH, offset);
    if (value !== null) offset += buffer.write(value, offset);
  }
  return sized(buffer, values.length);
};

export const textArray = (values: readonly (string | null)[]): Buffer => texts('text', values);

/** Each value is JSON that PostgreSQL takes, or null for no JSON at all. */
export const jsonArray = (values: readonly (string | null)[]): Buffer => texts('json', values);

export const boolArray = (values: readonly boolean[]): Buffer => {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + values.length * (LENGTH_BYTES + 1));
  headerInto(buffer, 'bool', values.length, false);
  let offset = HEADER_BYTES;
  for (const value of values) {
    offset = buffer.writeInt32BE(1, offset);
    offset = buffer.writeUInt8(value ? 1 : 0, offset);
  }
  return sized(buffer, values.length);
};

/** A timestamptz is sent as microseconds since 2000. */
const EPOCH_MS = BigInt(Date.UTC(2000, 0, 1));

/** Instants in milliseconds, as `timestamptz[]`. */
export const instantArray = (values: readonly (number | null)[]): Buffer => {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + values.length * (LENGTH_BYTES + 8));
  headerInto(buffer, 'timestamptz', values.length, values.includes(null));
  let offset = HEADER_BYTES;
  for (const value of values) {
    offset = buffer.writeInt32BE(value === null ? NULL_LENGTH : 8, offset);
    if (value !== null) offset = buffer.writeBigInt64BE((BigInt(withinCalendar(value)) - EPOCH_MS) * 1000n, offset);
  }
  return values.length === 0 ? sized(buffer, 0) : buffer.subarray(0, offset);
};
