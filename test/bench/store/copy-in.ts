/** What a query of `pg` may be of its own making (pg: Client.query, "submittable"). */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

interface CopyClient {
  query(copy: object): unknown;
  release(): void;
}

const CHUNK_BYTES = 65_536;

/** `COPY … FROM STDIN` over a session of a `pg` pool. */
export const copyIn = async (
  pool: { connect(): Promise<CopyClient> },
  statement: string,
  rows: Buffer,
): Promise<void> => {
  const client = await pool.connect();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  try {
    const copy = {
      submit: (connection: CopyConnection) => connection.query(statement),
      handleCopyInResponse: (connection: CopyConnection) => {
        for (let offset = 0; offset < rows.length; offset += CHUNK_BYTES) {
          connection.sendCopyFromChunk(rows.subarray(offset, offset + CHUNK_BYTES));
        }
        connection.endCopyFrom();
      },
      handleCommandComplete: () => {},
      handleError: (error: unknown) => copy.callback(error),
      handleReadyForQuery: () => copy.callback(null),
      // The client wraps it, to stop its own clock.
      callback: (error: unknown) => (error === null ? resolve() : reject(error)),
    };
    client.query(copy);
    await promise;
  } finally {
    client.release();
  }
};
