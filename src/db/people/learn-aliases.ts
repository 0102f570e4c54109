import type { ChannelName } from '../../domain/channel-name.ts';
import type { LearnedAlias } from '../../domain/contact.ts';
import type { IdentityId, InstanceId, PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { cleanText } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';
import { personOfAccount } from './account-person.ts';
import { type LearnedPhone, learnPhones } from './learn-phones.ts';
import type { Union } from './unite-persons.ts';

interface IdentityRow {
  readonly id: IdentityId;
  readonly externalId: string;
  readonly personId: PersonId;
  readonly phone: string | null;
  readonly pinned: boolean;
}

/** Those that say something new, sorted by alias: the last of each. */
const newOnes = async (
  sql: Sql,
  instanceId: InstanceId,
  aliases: readonly LearnedAlias[],
): Promise<readonly LearnedAlias[]> => {
  const byAlias = new Map(
    aliases
      .map((one) => ({ ...one, alias: cleanText(one.alias), externalId: cleanText(one.externalId) }) as LearnedAlias)
      .filter(({ alias, externalId }) => alias !== externalId)
      .map((one) => [one.alias as string, one]),
  );
  if (byAlias.size === 0) return [];
  const known = await sql.rows<{ alias: string; externalId: string; phone: string | null }>(
    `SELECT alias, external_id AS "externalId", phone FROM identity_aliases
     WHERE instance_id = $1 AND alias = ANY($2::text[])`,
    [instanceId, [...byAlias.keys()]],
  );
  for (const { alias, externalId, phone } of known) {
    const told = byAlias.get(alias);
    if (told?.externalId === externalId && (told.phone === null || told.phone === phone)) byAlias.delete(alias);
  }
  return [...byAlias.values()].sort((a, b) => (a.alias < b.alias ? -1 : 1));
};

const REMEMBER = `
  INSERT INTO identity_aliases AS held (instance_id, learned_at, renaming_below, alias, external_id, phone)
  SELECT $1, $2, 'infinity', * FROM unnest($3::text[], $4::text[], $5::text[])
  ON CONFLICT (instance_id, alias) DO UPDATE
  SET external_id = excluded.external_id, phone = coalesce(excluded.phone, held.phone), learned_at = excluded.learned_at,
    renaming_below = excluded.renaming_below`;

const IDENTITIES = `
  SELECT id, external_id AS "externalId", person_id AS "personId", phone, pinned FROM platform_identities
  WHERE instance_id = $1 AND external_id = ANY($2::text[]) ORDER BY external_id FOR UPDATE`;

const RENAME = `
  UPDATE platform_identities AS held
  SET external_id = given.external_id, phone = coalesce(given.phone, held.phone), updated_at = $4
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, external_id, phone) WHERE held.id = given.id`;

/** What the one knew and the other did not is kept; a mark by hand too. */
const ABSORB = `
  WITH gone AS (
    DELETE FROM platform_identities AS held USING unnest($1::uuid[], $2::uuid[]) AS given (id, into_id)
    WHERE held.id = given.id RETURNING held.*, into_id
  ), rewritten AS (
    UPDATE identity_links SET identity_id = into_id FROM gone WHERE identity_id = gone.id
  ), noted AS (
    INSERT INTO identity_links (identity_id, instance_id, from_person_id, to_person_id, linked_by, why, at)
    SELECT gone.into_id, gone.instance_id, gone.person_id, held.person_id, 'alias',
      gone.external_id || ' is another name of ' || held.external_id, $3
    FROM gone JOIN platform_identities AS held ON held.id = gone.into_id
  )
  UPDATE platform_identities AS held
  SET saved_name = coalesce(held.saved_name, gone.saved_name), verified_name = coalesce(held.verified_name, gone.verified_name),
    pushed_name = coalesce(held.pushed_name, gone.pushed_name), handle = coalesce(held.handle, gone.handle),
    metadata = gone.metadata || held.metadata, pinned = held.pinned OR gone.pinned,
    removed_at = CASE WHEN gone.removed_at IS NULL THEN NULL ELSE held.removed_at END,
    created_at = least(held.created_at, gone.created_at), updated_at = $3
  FROM gone WHERE held.id = gone.into_id`;

/** Who was a member under both names is one member, and a member still if either was. */
const MOVE_MEMBERS = `
  WITH moved AS (
    DELETE FROM group_members AS held USING omni_groups AS its, unnest($2::text[], $3::text[]) AS given (alias, external_id)
    WHERE its.instance_id = $1 AND its.id = held.group_id AND held.contact_external_id = given.alias
    RETURNING held.*, given.external_id
  )
  INSERT INTO group_members AS held (group_id, contact_external_id, role, nick, joined_at, left_at, updated_at)
  SELECT DISTINCT ON (group_id, external_id) group_id, external_id, role, nick, joined_at, left_at, $4
  FROM moved ORDER BY group_id, external_id, left_at NULLS FIRST
  ON CONFLICT (group_id, contact_external_id) DO UPDATE
  SET left_at = CASE WHEN excluded.left_at IS NULL THEN NULL ELSE held.left_at END,
    joined_at = coalesce(held.joined_at, excluded.joined_at), nick = coalesce(held.nick, excluded.nick),
    updated_at = excluded.updated_at`;

interface Plan {
  readonly renamed: Map<string, { id: IdentityId; externalId: string; phone: string | null }>;
  readonly absorbed: { readonly id: IdentityId; readonly into: IdentityId }[];
  readonly phones: LearnedPhone[];
  readonly unions: Union[];
}

/**
 * What each alias means for the accounts that are known, one after the other: the second alias of an account meets what
 * became of the first.
 */
const planOf = (held: readonly IdentityRow[], aliases: readonly LearnedAlias[]): Plan => {
  const known = new Map(held.map((row) => [row.externalId, row]));
  const plan: Plan = { renamed: new Map(), absorbed: [], phones: [], unions: [] };
  for (const { alias, externalId, phone } of aliases) {
    const [byAlias, byId] = [known.get(alias), known.get(externalId)];
    const why = `${alias} is ${phone ?? externalId}`;
    if (byAlias !== undefined) {
      known.delete(alias);
      if (byId === undefined) {
        plan.renamed.set(byAlias.id, { id: byAlias.id, externalId, phone });
        known.set(externalId, { ...byAlias, externalId, phone: phone ?? byAlias.phone });
      } else {
        plan.absorbed.push({ id: byAlias.id, into: byId.id });
        known.set(externalId, { ...byId, phone: phone ?? byId.phone, pinned: byId.pinned || byAlias.pinned });
        const bothPinned = byAlias.pinned && byId.pinned;
        if (!bothPinned)
          plan.unions.push({ one: byId.personId, other: byAlias.personId, into: null, by: 'alias', why });
      }
    }
    const account = known.get(externalId);
    const before = byId ?? byAlias;
    if (phone !== null && account !== undefined && before?.phone !== phone) {
      plan.phones.push({ personId: account.personId, phone, pinned: account.pinned, why });
      if (byId !== undefined) plan.renamed.set(byId.id, { id: byId.id, externalId, phone });
    }
  }
  return plan;
};

/** One statement takes one account into another once. */
const rounds = (absorbed: Plan['absorbed']): readonly Plan['absorbed'][] => {
  const ofAccount = [...Map.groupBy(absorbed, ({ into }) => into).values()];
  const longest = Math.max(0, ...ofAccount.map(({ length }) => length));
  return Array.from({ length: longest }, (_, round) => ofAccount.flatMap((all) => all[round] ?? []));
};

/**
 * Persons that were made of an alias, here or on another instance, and not by the account behind it. One with a link
 * made by hand is left alone.
 */
const ALIAS_PERSONS = `
  SELECT id FROM persons WHERE id = ANY($1::uuid[]) AND merged_into IS NULL
    AND NOT EXISTS (SELECT 1 FROM platform_identities WHERE person_id = persons.id AND pinned)`;

/** Persons of the phone behind an alias are those of the alias, whichever instance knows them by it. */
const elsewhere = async (
  sql: Sql,
  channel: ChannelName,
  aliases: readonly LearnedAlias[],
): Promise<readonly LearnedPhone[]> => {
  const byPerson = new Map(
    aliases.flatMap(({ alias, phone }) =>
      phone === null ? [] : [[personOfAccount(channel, alias), { alias, phone }] as const],
    ),
  );
  if (byPerson.size === 0) return [];
  const rows = await sql.rows<{ id: PersonId }>(ALIAS_PERSONS, [[...byPerson.keys()].sort()]);
  return rows.flatMap(({ id }) => {
    const told = byPerson.get(id);
    return told === undefined
      ? []
      : [{ personId: id, phone: told.phone, pinned: false, why: `${told.alias} is ${told.phone}` }];
  });
};

export const learnAliases = async (
  sql: Sql,
  instanceId: InstanceId,
  channel: ChannelName,
  told: readonly LearnedAlias[],
  at: number,
): Promise<number> => {
  const aliases = await newOnes(sql, instanceId, told);
  if (aliases.length === 0) return 0;
  const names = aliases.map(({ alias }) => alias);
  const externalIds = aliases.map(({ externalId }) => externalId);
  await sql.run(REMEMBER, [instanceId, toInstant(at), names, externalIds, aliases.map(({ phone }) => phone)]);
  const ids = [...new Set<string>([...names, ...externalIds])].sort();
  const plan = planOf(await sql.rows<IdentityRow>(IDENTITIES, [instanceId, ids]), aliases);
  const renamed = [...plan.renamed.values()];
  for (const round of rounds(plan.absorbed)) {
    await sql.run(ABSORB, [round.map(({ id }) => id), round.map(({ into }) => into), toInstant(at)]);
  }
  if (renamed.length > 0) {
    await sql.run(RENAME, [
      renamed.map(({ id }) => id),
      renamed.map(({ externalId }) => externalId),
      renamed.map(({ phone }) => phone),
      toInstant(at),
    ]);
  }
  await sql.run(MOVE_MEMBERS, [instanceId, names, externalIds, toInstant(at)]);
  const phones = [...plan.phones, ...(await elsewhere(sql, channel, aliases))];
  await learnPhones(sql, phones, plan.unions, at);
  return aliases.length;
};
