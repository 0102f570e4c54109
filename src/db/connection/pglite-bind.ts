/** An element of an array literal (docs: Array Input and Output Syntax). */
const elementOf = (value: unknown): string =>
  value === null || value === undefined ? 'NULL' : `"${String(value).replace(/[\\"]/g, '\\$&')}"`;

/** A parameter as it travels: a Buffer is in PostgreSQL's binary format, everything else goes in its text format. */
const encoded = (value: unknown): Buffer | null => {
  if (value === null || value === undefined || Buffer.isBuffer(value)) return value ?? null;
  return Buffer.from(Array.isArray(value) ? `{${value.map(elementOf).join()}}` : String(value));
};

const int16 = (value: number): Buffer => {
  const buffer = Buffer.allocUnsafe(2);
  buffer.writeInt16BE(value);
  return buffer;
};

const int32 = (value: number): Buffer => {
  const buffer = Buffer.allocUnsafe(4);
  buffer.writeInt32BE(value);
  return buffer;
};

const NULL_LENGTH = int32(-1);
const NO_PORTAL = Buffer.from('\0');
const ALL_AS_TEXT = int16(0);

/**
 * The Bind message (docs: Message Formats): PGlite's own makes text of every Buffer, and measures text character by
 * character.
 */
export const bindOf = (statement: string, parameters: readonly unknown[]): readonly Uint8Array[] => {
  const values = parameters.map(encoded);
  const body = [
    NO_PORTAL,
    Buffer.from(`${statement}\0`),
    int16(parameters.length),
    ...parameters.map((value) => int16(Buffer.isBuffer(value) ? 1 : 0)),
    int16(values.length),
    ...values.flatMap((value) => (value === null ? [NULL_LENGTH] : [int32(value.length), value])),
    ALL_AS_TEXT,
  ];
  const bytes = body.reduce((sum, part) => sum + part.length, 0);
  return [Buffer.from('B'), int32(bytes + 4), ...body];
};
