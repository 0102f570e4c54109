import { Option, Schema } from 'effect';
import { Refused } from '../../domain/errors.ts';
import type { PageOf } from '../../domain/page.ts';

const refuse = () =>
  new Refused({
    status: 400,
    code: 'invalid_cursor',
    message: 'cursor: this is not a cursor of this list; leave it out to start from the beginning',
    details: { field: 'cursor' },
  });

/** The place of the last row that was read, in the order of the list: opaque to clients, checked when it comes back. */
export interface KeysetCursor<K> {
  readonly write: (key: K) => string;
  /** Null for the beginning. Throws `Refused`. */
  readonly read: (cursor: string | null) => K | null;
}

export const keysetCursor = <K>(schema: Schema.Codec<K, K>): KeysetCursor<K> => {
  const decode = Schema.decodeUnknownOption(Schema.fromJsonString(schema));
  return {
    write: (key) => Buffer.from(JSON.stringify(key)).toString('base64url'),
    read: (cursor) => {
      if (cursor === null) return null;
      const key = decode(Buffer.from(cursor, 'base64url').toString('utf8'));
      if (Option.isNone(key)) throw refuse();
      return key.value;
    },
  };
};

/** Cuts what was read for a page, one row more than it holds, into the page and the cursor behind it. */
export const pageOf = <R, A>(
  rows: readonly R[],
  limit: number,
  view: (row: R) => A,
  cursorAt: (row: R) => string,
): PageOf<A> => {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), cursor: rows.length > limit && last !== undefined ? cursorAt(last) : null };
};
