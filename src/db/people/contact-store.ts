import type { ChannelName } from '../../domain/channel-name.ts';
import type { LearnedAlias, ListedContact } from '../../domain/contact.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { PeopleTransaction } from '../../sync/people/people-store.ts';
import type { StoredCounts } from '../../sync/stored-counts.ts';
import type { StepSql } from '../connection/sql.ts';
import { cleanText } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';
import { personOfAccount } from './account-person.ts';
import { asRows, type ContactRow, insertContacts, type NewContact, updateContacts } from './contact-rows.ts';
import { learnAliases } from './learn-aliases.ts';
import { type LearnedPhone, learnPhones } from './learn-phones.ts';
import { type PersonKey, personsByKey } from './persons-by-key.ts';
import { planAnew } from './plan-anew.ts';
import { noteSeen } from './survey-store.ts';

/*
 * Contacts of a page. Only the step of an instance writes its identities, so what is read here stays true until the
 * commit; persons belong to everybody, and are found and made in `persons-by-key.ts`.
 */

interface HeldRow {
  readonly listedAs: string;
  readonly externalId: string;
  /** What its alias says. */
  readonly aliasPhone: string | null;
  readonly personId: PersonId | null;
  readonly phone: string | null;
  readonly pinned: boolean | null;
}

const HELD = `
  SELECT listed_as AS "listedAs", coalesce(alias.external_id, listed_as) AS "externalId", alias.phone AS "aliasPhone",
    held.person_id AS "personId", held.phone, held.pinned
  FROM unnest($2::text[]) AS listed_as
  LEFT JOIN identity_aliases AS alias ON alias.instance_id = $1 AND alias.alias = listed_as
  LEFT JOIN platform_identities AS held
    ON held.instance_id = $1 AND held.external_id = coalesce(alias.external_id, listed_as)`;

const aliasesOf = (contacts: readonly ListedContact[]): readonly LearnedAlias[] =>
  contacts.flatMap(({ externalId, aliases, phone }) => aliases.map((alias) => ({ alias, externalId, phone })));

const keyOf = (channel: ChannelName, { externalId, phone }: ContactRow): PersonKey =>
  phone === null ? { account: personOfAccount(channel, externalId) } : { phone };

/** Each with its person. The first to ask for a new one has made it. */
const linked = async (
  sql: StepSql,
  channel: ChannelName,
  rows: readonly ContactRow[],
  at: number,
): Promise<readonly NewContact[]> => {
  const keyed = rows.map((row) => [row, keyOf(channel, row)] as const);
  const persons = await personsByKey(
    sql,
    'KEY SHARE',
    keyed.map(([, key]) => key),
    at,
  );
  const taken = new Set<PersonId>();
  return keyed.map(([row, key]) => {
    const person = persons.get('phone' in key ? key.phone : key.account);
    if (person === undefined) throw new Error(`No person was found or made for ${row.externalId}`);
    const isNew = person.isNew && !taken.has(person.id);
    taken.add(person.id);
    return { ...row, personId: person.id, linkedBy: isNew ? 'new' : 'phone' in key ? 'phone' : 'account' };
  });
};

const NONE: StoredCounts = { stored: 0, duplicates: 0, updated: 0 };

type ContactWrites = Pick<PeopleTransaction, 'storeContacts' | 'learnAliases' | 'markContactsGone' | 'countContacts'>;

export const contactStore = (sql: StepSql): ContactWrites => ({
  storeContacts: async (instanceId, channel, contacts, at, survey) => {
    if (contacts.length === 0) return NONE;
    planAnew(sql);
    await learnAliases(sql, instanceId, channel, aliasesOf(contacts), at);
    const listedAs = [...new Set(contacts.map(({ externalId }) => cleanText(externalId)))];
    const found = await sql.rows<HeldRow>(HELD, [instanceId, listedAs]);
    const heldAs = new Map(found.map((row) => [row.listedAs, row]));
    const rows = asRows(contacts, (id) => {
      const held = heldAs.get(id);
      return { externalId: held?.externalId ?? id, phone: held?.aliasPhone ?? null };
    });
    const held = new Map(found.flatMap((row) => (row.personId === null ? [] : [[row.externalId, row] as const])));
    const fresh = rows.filter(({ externalId }) => !held.has(externalId));
    await insertContacts(sql, instanceId, channel, await linked(sql, channel, fresh, at), at);
    const known = rows.filter(({ externalId }) => held.has(externalId));
    const updated = await updateContacts(sql, instanceId, known, at);
    await learnPhones(
      sql,
      known.flatMap((row) => newPhoneOf(row, held.get(row.externalId))),
      [],
      at,
    );
    if (survey !== undefined)
      noteSeen(
        sql,
        instanceId,
        survey,
        'contact',
        null,
        rows.map(({ externalId }) => externalId),
      );
    return { stored: fresh.length, updated, duplicates: contacts.length - fresh.length - updated };
  },

  learnAliases: (instanceId, channel, aliases, at) => {
    planAnew(sql);
    return learnAliases(sql, instanceId, channel, aliases, at);
  },

  markContactsGone: async (instanceId, externalIds, at) =>
    sql.run(
      `UPDATE platform_identities SET removed_at = $3, updated_at = $3
       WHERE instance_id = $1 AND removed_at IS NULL AND (external_id = ANY($2::text[])
         OR external_id IN (SELECT external_id FROM identity_aliases WHERE instance_id = $1 AND alias = ANY($2::text[])))`,
      [instanceId, externalIds.map(cleanText), toInstant(at)],
    ),

  countContacts: async (instanceId) => {
    const [row] = await sql.rows<{ count: number }>(
      'SELECT count(*)::float8 AS count FROM platform_identities WHERE instance_id = $1 AND removed_at IS NULL',
      [instanceId],
    );
    return row?.count ?? 0;
  },
});

const newPhoneOf = ({ externalId, phone }: ContactRow, held: HeldRow | undefined): readonly LearnedPhone[] => {
  if (phone === null || held === undefined || held.personId === null || held.phone === phone) return [];
  const { personId, pinned } = held;
  return [{ personId, phone, pinned: pinned === true, why: `${externalId} is ${phone}` }];
};
