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
import { cleanText, cleanTextOrNull } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';
import { isRefused } from '../values/refusals.ts';
import { linkByHand, unlinkByHand } from './link-by-hand.ts';
import { personsByKey } from './persons-by-key.ts';
import { livingOf, lockPersons, type PersonRow, type Union, unitePersons } from './unite-persons.ts';

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

const changePhone = async (sql: Sql, id: PersonId, phone: string | null, at: number): Promise<void> => {
  if (phone === null) {
    await sql.run('UPDATE persons SET phone = NULL, updated_at = $2 WHERE id = $1', [id, toInstant(at)]);
    return;
  }
  // Of those who became this person one may have the phone: the person may have it too.
  const own = await sql.run('UPDATE persons SET phone = NULL WHERE phone = $1 AND (id = $2 OR merged_into = $2)', [
    phone,
    id,
  ]);
  if (own === 0) {
    const claim = await claimPhone(sql, phone, at);
    await sql.run('DELETE FROM persons WHERE id = $1', [claim]);
  }
  await sql.run('UPDATE persons SET phone = $2, updated_at = $3 WHERE id = $1', [id, phone, toInstant(at)]);
};

/**
 * What a person is called by a name of its accounts becomes its own, so that no better name of another's takes its
 * place.
 */
const keepName = async (sql: Sql, { id, name }: PersonRow): Promise<void> => {
  if (name !== null) return;
  const [view] = await personViews(sql, [id]);
  const isNamed = view?.identities.some(({ names }) => names.saved ?? names.verified ?? names.pushed) ?? false;
  if (isNamed) await sql.run('UPDATE persons SET name = $2 WHERE id = $1', [id, view?.name]);
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
          await sql.run(`UPDATE persons SET name = $2, made_by = 'api' WHERE id = $1`, [id, cleanText(name)]);
        else
          await em.insert(PersonEntity, { id, name: cleanText(name), madeBy: 'api', createdAt: when, updatedAt: when });
        return id;
      }),

    update: (id, { name, phone }, at) =>
      changed(async (_em, sql) => {
        const person = livingOf(await lockPersons(sql, [id]), id);
        if (person === null) throw noPerson(id);
        if (name !== undefined) {
          await sql.run('UPDATE persons SET name = $2, updated_at = $3 WHERE id = $1', [
            person.id,
            cleanTextOrNull(name),
            toInstant(at),
          ]);
        }
        if (phone !== undefined && phone !== person.phone) await changePhone(sql, person.id, phone, at);
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
