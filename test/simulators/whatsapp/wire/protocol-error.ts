/** A client broke the protocol: what it did wrong, and in which part. The connection ends, and the log keeps it. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly part: string;

  constructor(part: string, message: string) {
    super(message);
    this.part = part;
  }
}
