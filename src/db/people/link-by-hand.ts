import { randomUUID } from 'node:crypto';
import type { ChannelName } from '../../domain/channel-name.ts';
import { Refused } from '../../domain/errors.ts';
import { type IdentityId, type InstanceId, PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { toInstant } from '../values/instants.ts';
import { personOfAccount } from './account-person.ts';
import { livingOf, lockPersons, type PersonRow, unitePersons } from './unite-persons.ts';

/*
 * Links that people make, in one transaction each. The identity is locked before its person, as a sync does it. Raw
 * SQL, as it shares what a sync does with persons.
 */

interface Identity {
  readonly id: IdentityId;
  readonly instanceId: InstanceId;
  readonly channel: ChannelName;
  readonly externalId: string;
  readonly personId: PersonId;
  readonly phone: string | null;
}

/** Throws `Refused`. */
const lockIdentity = async (sql: Sql, id: IdentityId): Promise<Identity> => {
  const [identity] = await sql.rows<Identity>(
    `SELECT id, instance_id AS "instanceId", channel, external_id AS "externalId", person_id AS "personId", phone
     FROM platform_identities AS held
     WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM omni_instances WHERE id = held.instance_id AND removing_at IS NOT NULL)
     FOR UPDATE`,
    [id],
  );
  if (identity !== undefined) return identity;
  throw new Refused({
    status: 404,
    code: 'identity_not_found',
    message: `There is no identity ${id}; GET /api/v2/instances/{instanceId}/contacts lists those of an instance`,
    details: { field: 'identityId' },
  });
};

interface Siblings {
  /** Other identities of the same person, and those of them with the same phone. */
  readonly others: number;
  readonly sharingPhone: number;
}

const siblingsOf = async (sql: Sql, { id, personId, phone }: Identity): Promise<Siblings> => {
  const [row] = await sql.rows<Siblings>(
    `SELECT count(*)::int AS others, (count(*) FILTER (WHERE phone = $3))::int AS "sharingPhone"
     FROM platform_identities WHERE person_id = $2 AND id <> $1`,
    [id, personId, phone],
  );
  return row ?? { others: 0, sharingPhone: 0 };
};

const isByHand = ({ madeBy, name }: PersonRow): boolean => madeBy === 'api' || name !== null;

const MOVE = 'UPDATE platform_identities SET person_id = $2, pinned = true WHERE id = $1';

const NOTE = `
  INSERT INTO identity_links (identity_id, instance_id, from_person_id, to_person_id, linked_by, why, at)
  VALUES ($1, $2, $3, $4, 'api', $5, $6)`;

const move = async (sql: Sql, identity: Identity, to: PersonId, why: string, at: number): Promise<void> => {
  await sql.run(MOVE, [identity.id, to]);
  await sql.run(NOTE, [identity.id, identity.instanceId, identity.personId, to, why, toInstant(at)]);
};

/**
 * The phone of a person that only has it from this identity goes where the identity goes. Somebody who has a phone
 * keeps it, and gets a signpost for the second.
 */
const takePhoneAlong = async (
  sql: Sql,
  { phone }: Identity,
  from: PersonRow,
  to: PersonRow,
  { sharingPhone }: Siblings,
  at: number,
): Promise<void> => {
  if (phone === null || from.phone !== phone || sharingPhone > 0 || isByHand(from)) return;
  await sql.run('UPDATE persons SET phone = NULL, updated_at = $2 WHERE id = $1', [from.id, toInstant(at)]);
  if (to.phone === null) {
    await sql.run('UPDATE persons SET phone = $2, updated_at = $3 WHERE id = $1', [to.id, phone, toInstant(at)]);
    return;
  }
  await sql.run(
    `INSERT INTO persons (id, phone, made_by, merged_into, merged_at, created_at, updated_at)
     VALUES ($1, $2, 'sync', $3, $4, $4, $4)`,
    [randomUUID(), phone, to.id, toInstant(at)],
  );
};

const unknownPerson = (id: PersonId): Refused =>
  new Refused({
    status: 404,
    code: 'person_not_found',
    message: `There is no person ${id}; GET /api/v2/persons lists those there are`,
    details: { field: 'personId' },
  });

/** Throws `Refused`. Returns the person that the identity has now. */
export const linkByHand = async (
  sql: Sql,
  identityId: IdentityId,
  personId: PersonId,
  why: string,
  at: number,
): Promise<PersonId> => {
  const identity = await lockIdentity(sql, identityId);
  const locked = await lockPersons(sql, [identity.personId, personId]);
  const [from, to] = [livingOf(locked, identity.personId), livingOf(locked, personId)];
  if (to === null) throw unknownPerson(personId);
  if (from === null) throw new Error(`Identity ${identityId} has no person`);
  if (from.id === to.id) {
    await sql.run(MOVE, [identity.id, to.id]);
    return to.id;
  }
  const siblings = await siblingsOf(sql, identity);
  if (siblings.others === 0 && !isByHand(from)) {
    // Nothing else was known of that person: it is this one, and so is whoever comes by what it was known by.
    await unitePersons(sql, [{ one: to.id, other: from.id, into: to.id, by: 'api', why }], at);
    await sql.run(MOVE, [identity.id, to.id]);
    return to.id;
  }
  await move(sql, identity, to.id, why, at);
  await takePhoneAlong(sql, identity, from, to, siblings, at);
  return to.id;
};

/** The person that was merged away and is known by this identity's phone or account: it comes back. */
const REVIVE = `
  UPDATE persons SET merged_into = NULL, merged_at = NULL, updated_at = $4
  WHERE id = (
    SELECT id FROM persons WHERE merged_into = $1 AND (phone = $2 OR id = $3)
    ORDER BY phone = $2 DESC NULLS LAST LIMIT 1)
  RETURNING id, name, phone, made_by AS "madeBy", merged_into AS "mergedInto", 0::float8 AS "createdAt"`;

const CREATE = `
  INSERT INTO persons (id, made_by, created_at, updated_at) VALUES ($1, 'sync', $2, $2) ON CONFLICT DO NOTHING
  RETURNING id, name, phone, made_by AS "madeBy", merged_into AS "mergedInto", 0::float8 AS "createdAt"`;

/**
 * With the account's own id if it is still free, so that the same account of other instances comes to this person too.
 */
const create = async (sql: Sql, account: PersonId, at: number): Promise<PersonRow> => {
  for (const id of [account, PersonId.make(randomUUID())]) {
    const [person] = await sql.rows<PersonRow>(CREATE, [id, toInstant(at)]);
    if (person !== undefined) return person;
  }
  throw new Error('No person was made');
};

/** Throws `Refused`. Returns the person that the identity has now. */
export const unlinkByHand = async (sql: Sql, identityId: IdentityId, why: string, at: number): Promise<PersonId> => {
  const identity = await lockIdentity(sql, identityId);
  const from = livingOf(await lockPersons(sql, [identity.personId]), identity.personId);
  if (from === null) throw new Error(`Identity ${identityId} has no person`);
  const siblings = await siblingsOf(sql, identity);
  if (siblings.others === 0 && !isByHand(from)) {
    throw new Refused({
      status: 409,
      code: 'only_identity',
      message: `identityId: it is all that is known of person ${from.id}; to make it somebody else's, use POST /api/v2/persons/link`,
      details: { field: 'identityId', personId: from.id },
    });
  }
  const account = personOfAccount(identity.channel, identity.externalId);
  const [revived] = await sql.rows<PersonRow>(REVIVE, [from.id, identity.phone, account, toInstant(at)]);
  const own = revived ?? (await create(sql, account, at));
  await move(sql, identity, own.id, why, at);
  await takePhoneAlong(sql, identity, from, own, siblings, at);
  return own.id;
};
