import { randomUUID } from 'node:crypto';
import type { ChannelName } from '../../domain/channel-name.ts';
import { Contention, Refused } from '../../domain/errors.ts';
import { type IdentityId, type InstanceId, PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { toInstant } from '../values/instants.ts';
import { personOfAccount } from './account-person.ts';
import { type Origin, originsOf } from './origins.ts';
import { livingOf, lockPersons, type PersonRow, readHeld } from './person-locks.ts';
import { movePhone } from './signposts.ts';
import { unitePersons } from './unite-persons.ts';

/*
 * Links that people make, in one transaction each. The identity is locked before its person, as a sync does it. Raw
 * SQL, as it shares what a sync does with persons.
 */

export interface Identity {
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

const MOVE = 'UPDATE platform_identities SET person_id = $2, pinned = true WHERE id = $1';

const NOTE = `
  INSERT INTO identity_links (identity_id, instance_id, from_person_id, to_person_id, linked_by, why, at)
  VALUES ($1, $2, $3, $4, 'api', $5, $6)`;

const move = async (sql: Sql, identity: Identity, to: PersonId, why: string, at: number): Promise<void> => {
  await sql.run(MOVE, [identity.id, to]);
  await sql.run(NOTE, [identity.id, identity.instanceId, identity.personId, to, why, toInstant(at)]);
};

const takePhoneAlong = async (
  sql: Sql,
  { phone }: Identity,
  from: PersonRow,
  to: PersonRow,
  { sharingPhone }: Siblings,
  at: number,
): Promise<void> => {
  if (phone !== null && sharingPhone === 0) await movePhone(sql, phone, from, to, at);
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
  if (siblings.others === 0 && !from.isByHand) {
    // Nothing else was known of that person: it is this one, and so is whoever comes by what it was known by.
    await unitePersons(sql, [{ one: to.id, other: from.id, into: to.id, by: 'api', why }], at);
    await sql.run(MOVE, [identity.id, to.id]);
    return to.id;
  }
  await move(sql, identity, to.id, why, at);
  await takePhoneAlong(sql, identity, from, to, siblings, at);
  return to.id;
};

const REVIVE = 'UPDATE persons SET merged_into = NULL, merged_at = NULL, updated_at = $2 WHERE id = $1';

const CREATE = `
  INSERT INTO persons (id, made_by, created_at, updated_at) VALUES ($1, 'sync', $2, $2) ON CONFLICT DO NOTHING
  RETURNING id`;

/**
 * With the account's own id if it is still free, so that the same account of other instances comes to this person
 * too.
 */
const create = async (sql: Sql, account: PersonId, at: number): Promise<PersonId> => {
  for (const id of [account, PersonId.make(randomUUID())]) {
    const made = await sql.rows(CREATE, [id, toInstant(at)]);
    if (made.length > 0) return id;
  }
  throw new Error('No person was made');
};

/**
 * The persons that an identity may go back to, the best first, and the one that it is with: nobody else turns them
 * now.
 */
const lockOrigins = async (sql: Sql, identity: Identity, account: PersonId) => {
  const others = (origins: readonly Origin[]) =>
    origins.map(({ livingId }) => livingId).filter((id) => id !== identity.personId);
  const locked = await lockPersons(sql, [identity.personId, ...others(await originsOf(sql, identity, account))]);
  // Signposts were read before those were held to whom they lead.
  const origins = await originsOf(sql, identity, account);
  if (others(origins).some((id) => !locked.has(id)))
    throw new Contention({ cause: new Error('An origin was merged meanwhile') });
  return { locked, origins };
};

/** Who the identity was before it came to its person, or else somebody new. */
const ownPerson = async (
  sql: Sql,
  from: PersonRow,
  origins: readonly Origin[],
  account: PersonId,
  at: number,
): Promise<PersonId> => {
  const origin = origins.find(({ id }) => id !== from.id);
  if (origin === undefined) return create(sql, account, at);
  if (origin.livingId !== from.id) return origin.livingId;
  await sql.run(REVIVE, [origin.id, toInstant(at)]);
  return origin.id;
};

/** Throws `Refused`. Returns the person that the identity has now. */
export const unlinkByHand = async (sql: Sql, identityId: IdentityId, why: string, at: number): Promise<PersonId> => {
  const identity = await lockIdentity(sql, identityId);
  const account = personOfAccount(identity.channel, identity.externalId);
  const { locked, origins } = await lockOrigins(sql, identity, account);
  const from = livingOf(locked, identity.personId);
  if (from === null) throw new Error(`Identity ${identityId} has no person`);
  const siblings = await siblingsOf(sql, identity);
  if (siblings.others === 0 && !from.isByHand) {
    throw new Refused({
      status: 409,
      code: 'only_identity',
      message: `identityId: it is all that is known of person ${from.id}; to make it somebody else's, use POST /api/v2/persons/link`,
      details: { field: 'identityId', personId: from.id },
    });
  }
  const own = await ownPerson(sql, from, origins, account, at);
  await move(sql, identity, own, why, at);
  await takePhoneAlong(sql, identity, await readHeld(sql, from.id), await readHeld(sql, own), siblings, at);
  return own;
};
