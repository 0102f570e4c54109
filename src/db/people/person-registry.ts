import { randomUUID } from 'node:crypto';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Refused } from '../../domain/errors.ts';
import { PersonId } from '../../domain/ids.ts';
import type { PersonDetails } from '../../domain/person-view.ts';
import type { PersonRegistry } from '../../sync/people/people.ts';
import { readPerson } from '../catalogue/people/person-details.ts';
import { noPerson, personViews } from '../catalogue/people/person-rows.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Sql } from '../connection/sql.ts';
import { PersonEntity } from '../entities/person-entity.ts';
import { cleanName, cleanNameOrNull, cleanText } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';
import { isRefused } from '../values/refusals.ts';
import { linkByHand, unlinkByHand } from './link-by-hand.ts';
import { livingOf, lockPersons, type PersonRow } from './person-locks.ts';
import { personsByKey } from './persons-by-key.ts';
import { putSignpost } from './signposts.ts';
import { type Union, unitePersons } from './unite-persons.ts';

const phoneTaken = (phone: string, personId: PersonId): Refused =>
  new Refused({
    status: 409,
    code: 'phone_taken',
    message: `phone: person ${personId} has ${phone}, and no two persons may; POST /api/v2/persons/merge makes one of them`,
    details: { field: 'phone', personId },
  });

/** Makes the row that holds a phone, waiting for syncs that are about to. Throws `Refused` when somebody has it. */
const claimPhone = async (sql: Sql, phone: string, at: number): Promise<PersonId> => {
  const holder = (await personsByKey(sql, 'UPDATE', [{ phone }], at)).get(phone);
  if (holder === undefined) throw new Error('A phone has neither got a person nor had one');
  if (!holder.isNew) throw phoneTaken(phone, holder.id);
  return holder.id;
};

const VOUCHED = 'SELECT 1 FROM platform_identities WHERE person_id = $1 AND phone = $2 LIMIT 1';

/**
 * The phone that somebody said, or null for none. What the person had before stays its own where one of its accounts
 * has it: whoever comes by that phone is this person.
 */
const changePhone = async (sql: Sql, person: PersonRow, phone: string | null, at: number): Promise<void> => {
  const { id } = person;
  if (phone !== null) {
    // One of those who became this person may have the phone: the person may have it too.
    const own = await sql.run('UPDATE persons SET phone = NULL WHERE phone = $1 AND merged_into = $2', [phone, id]);
    if (own === 0) await sql.run('DELETE FROM persons WHERE id = $1', [await claimPhone(sql, phone, at)]);
  }
  await sql.run('UPDATE persons SET phone = $2, phone_given = true, updated_at = $3 WHERE id = $1', [
    id,
    phone,
    toInstant(at),
  ]);
  if (person.phone === null) return;
  const vouching = await sql.rows(VOUCHED, [id, person.phone]);
  if (vouching.length > 0) await putSignpost(sql, person.phone, id, at);
};

/** Null: those who became the person give it no name any more either. */
const changeName = async (sql: Sql, id: PersonId, name: string | null, at: number): Promise<void> => {
  await sql.run('UPDATE persons SET name = $2, updated_at = $3 WHERE id = $1', [
    id,
    cleanNameOrNull(name),
    toInstant(at),
  ]);
  if (name === null) await sql.run('UPDATE persons SET name = NULL WHERE merged_into = $1', [id]);
};

/**
 * What a person is called by a name of its accounts becomes its own, so that no better name of another's takes its
 * place.
 */
const keepName = async (sql: Sql, { id }: PersonRow): Promise<void> => {
  const [view] = await personViews(sql, [id]);
  if (view?.givenName !== null) return;
  const isNamed = view.identities.some(({ names }) => names.saved ?? names.verified ?? names.pushed);
  if (isNamed) await sql.run('UPDATE persons SET name = $2 WHERE id = $1', [id, view.name]);
};

const merged = async (sql: Sql, into: PersonId, from: readonly PersonId[], why: string, at: number): Promise<void> => {
  const locked = await lockPersons(sql, [into, ...from]);
  const survivor = livingOf(locked, into);
  if (survivor === null) throw noPerson(into, 'into');
  const unions = from.map((id): Union => {
    const other = livingOf(locked, id);
    if (other === null) throw noPerson(id, 'from');
    if (other.id === survivor.id) {
      const is = id === into ? 'is the person itself' : `is ${survivor.id} already`;
      throw new Refused({
        status: 409,
        code: 'same_person',
        message: `from: ${id} ${is}; a person cannot be merged with itself`,
        details: { field: 'from', personId: survivor.id },
      });
    }
    return { one: survivor.id, other: other.id, into: survivor.id, by: 'api', why };
  });
  await keepName(sql, survivor);
  await unitePersons(sql, unions, at);
};

export const personRegistry = (connection: EntityConnection): PersonRegistry => {
  const changed = (body: (em: SqlEntityManager, sql: Sql) => Promise<PersonId>) =>
    persevere(
      (): Promise<PersonDetails> => connection.changes(async (em, sql) => readPerson(em, sql, await body(em, sql))),
      isRefused,
    );
  return {
    create: ({ name, phone }, at) =>
      changed(async (em, sql) => {
        const id = phone === null ? PersonId.make(randomUUID()) : await claimPhone(sql, phone, at);
        const when = new Date(at);
        if (phone !== null)
          await sql.run(`UPDATE persons SET name = $2, made_by = 'api', phone_given = true WHERE id = $1`, [
            id,
            cleanName(name),
          ]);
        else
          await em.insert(PersonEntity, {
            id,
            name: cleanName(name),
            madeBy: 'api',
            phoneGiven: false,
            createdAt: when,
            updatedAt: when,
          });
        return id;
      }),

    update: (id, { name, phone }, at) =>
      changed(async (_em, sql) => {
        const person = livingOf(await lockPersons(sql, [id]), id);
        if (person === null) throw noPerson(id);
        if (name !== undefined) await changeName(sql, person.id, name, at);
        if (phone !== undefined && phone !== (await personViews(sql, [person.id]))[0]?.phone)
          await changePhone(sql, person, phone, at);
        return person.id;
      }),

    merge: (into, from, why, at) =>
      changed(async (_em, sql) => {
        await merged(sql, into, from, cleanText(why), at);
        return into;
      }),

    link: (identityId, personId, why, at) =>
      changed((_em, sql) => linkByHand(sql, identityId, personId, cleanText(why), at)),

    unlink: (identityId, why, at) => changed((_em, sql) => unlinkByHand(sql, identityId, cleanText(why), at)),
  };
};
