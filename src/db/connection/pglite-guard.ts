import { type PGlite, protocol, type Transaction } from '@electric-sql/pglite';

type Query = PGlite['query'];

/**
 * PGlite writes every message into one buffer. A parameter that it cannot write (such as a number where the statement
 * has an array) leaves half a message there, which goes out with the next: two unrelated statements fail, and in a
 * transaction even its ROLLBACK, after which nothing works any more (tried, 0.5.8). Writing a message and throwing it
 * away empties the buffer.
 */
const discardHalfWritten = (): void => void protocol.serialize.bind({});

const guardedQuery =
  (query: Query): Query =>
  async (...asked) => {
    try {
      return await query(...asked);
    } catch (error) {
      discardHalfWritten();
      throw error;
    }
  };

/** Makes a statement with a parameter that cannot be written fail alone. Returns the same database. */
export const guardParameters = (pglite: PGlite): PGlite => {
  const transaction = pglite.transaction.bind(pglite);
  pglite.query = guardedQuery(pglite.query.bind(pglite));
  pglite.transaction = (body) =>
    transaction((begun: Transaction) => {
      begun.query = guardedQuery(begun.query.bind(begun));
      return body(begun);
    });
  return pglite;
};
