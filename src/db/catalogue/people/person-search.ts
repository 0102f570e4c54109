import { Schema } from 'effect';
import { PersonId } from '../../../domain/ids.ts';
import type { PageRequest } from '../../../domain/page.ts';
import { phoneSearchOf } from '../../../domain/phone.ts';
import type { Connection, Sql } from '../../connection/sql.ts';
import { keysetCursor } from '../../values/keyset-cursor.ts';
import { searchPattern } from '../search-pattern.ts';
import { peopleTerm } from '../search-term.ts';

/*
 * Raw SQL: persons are ranked over two tables at once. Each row has a column `search` with everything that it can be
 * found by in lower case, a line for each: "\njohn smith\njsmith\n+4915112345678\n" (of persons only what was given
 * by hand; those that were merged keep theirs, and lead to whom they became). So what is a whole name, its beginning,
 * or the beginning of a word can be told by comparing text, which takes a tenth of a trigram similarity; and among
 * those that are alike in this the shorter text has the greater similarity. Only where nothing contains the term,
 * names that are similar to it are looked for.
 */

/** The place of a person among those that were found, and how. */
export const PersonKey = keysetCursor(
  Schema.Struct({ phase: Schema.Literals(['contains', 'similar']), score: Schema.Int, id: PersonId }),
);

export interface FoundPerson {
  readonly phase: 'contains' | 'similar';
  readonly score: number;
  readonly id: PersonId;
}

interface Hit {
  readonly id: PersonId;
  readonly score: number;
}

/** The term, the phone that it may be, the place of the cursor, the limit, and patterns for term and phone. */
const GIVEN = `given AS (
  SELECT $1::text AS a, $2::text AS b, $3::int AS c, $4::uuid AS d, $5::int AS e, $6::text AS f, $7::text AS g)`;

const statement = (condition: string, score: string): string => `
  WITH ${GIVEN}, hits AS (
    SELECT person_id AS id, ${score} AS score FROM platform_identities
    WHERE (${condition}) AND instance_id NOT IN (SELECT id FROM omni_instances WHERE removing_at IS NOT NULL)
    UNION ALL
    SELECT coalesce(merged_into, id), ${score} FROM persons WHERE ${condition}
  ), best AS (SELECT id, max(score) AS score FROM hits GROUP BY id)
  SELECT id, score FROM best
  WHERE $3::int IS NULL OR score < $3 OR (score = $3 AND id > $4::uuid)
  ORDER BY score DESC, id LIMIT $5`;

const rank = (term: string): string => `
  CASE WHEN strpos(search, E'\\n' || ${term} || E'\\n') > 0 THEN 3 WHEN strpos(search, E'\\n' || ${term}) > 0 THEN 2
    WHEN strpos(search, ' ' || ${term}) > 0 THEN 1 ELSE 0 END`;

const ranked = (rankOf: string): string => `(${rankOf}) * 1000 + 999 - least(length(search), 999)`;

const TERM = 'lower($1)';
const like = (pattern: string): string => `search LIKE lower(${pattern})`;

const CONTAINS = statement(like('$6'), ranked(rank(TERM)));
const CONTAINS_PHONE = statement(
  `${like('$6')} OR ${like('$7')}`,
  ranked(`greatest(${rank(TERM)}, ${rank('$2::text')})`),
);
/** An index of trigrams is of no use for two characters, unless words begin with them. */
const BEGINS = statement(`${like(`E'%\\n' || $6`)} OR ${like(`'% ' || $6`)}`, ranked(rank(TERM)));
const SIMILAR = statement(`search %> ${TERM}`, `(word_similarity(${TERM}, search) * 1000)::int`);

const isShort = (term: string): boolean => [...term].length < 3;

const contains = (sql: Sql, term: string, phone: string | null, after: FoundPerson | null, limit: number) => {
  const pattern = searchPattern(term);
  const place = [after?.score ?? null, after?.id ?? null, limit];
  if (phone !== null) return sql.rows<Hit>(CONTAINS_PHONE, [term, phone, ...place, pattern, searchPattern(phone)]);
  if (isShort(term)) return sql.rows<Hit>(BEGINS, [term, null, ...place, pattern.slice(1), null]);
  return sql.rows<Hit>(CONTAINS, [term, null, ...place, pattern, null]);
};

/**
 * Two letters that changed places cost a name four of its trigrams. So the longer the name, the more alike another must
 * be: half of a long one is what all have who share the first name.
 */
const likenessOf = (term: string): number => Math.max(0.5, 1 - 4 / (term.length + 1));

const similar = (connection: Connection, term: string, after: FoundPerson | null, limit: number) =>
  connection.transaction(async (sql) => {
    await sql.run(`SET LOCAL pg_trgm.word_similarity_threshold = ${likenessOf(term).toFixed(3)}`);
    const [score, id] = [after?.score ?? null, after?.id ?? null];
    return sql.rows<Hit>(SIMILAR, [term, null, score, id, limit, null, null]);
  });

/** The first persons beyond the cursor, at most one more than the page holds, and how they were found. */
export const findPersons = async (
  connection: Connection,
  search: string,
  page: PageRequest,
  canCompare: boolean,
): Promise<readonly FoundPerson[]> => {
  const place = PersonKey.read(page.cursor);
  const after = place && { ...place, id: PersonId.make(place.id) };
  const term = peopleTerm(search);
  if (term === '') return [];
  const phone = phoneSearchOf(term);
  const wanted = page.limit + 1;
  if (after?.phase !== 'similar') {
    const hits = await connection.query((sql) => contains(sql, term, phone, after, wanted));
    if (hits.length > 0 || after !== null) return hits.map((hit) => ({ ...hit, phase: 'contains' }));
  }
  if (!canCompare || phone !== null || isShort(term)) return [];
  const hits = await similar(connection, term, after, wanted);
  return hits.map((hit) => ({ ...hit, phase: 'similar' }));
};
