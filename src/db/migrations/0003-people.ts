import { Migration } from '@mikro-orm/migrations';

/** Persons, their accounts as each instance knows them, and groups. */
export class People extends Migration {
  override up(): void {
    // A person that was merged stays as a signpost: whoever comes by its id or phone finds the one it became, and the
    // index over phones goes on keeping others from taking that phone.
    // What people look for is kept in one column, a line for each name: see src/db/catalogue/person-search.ts.
    this.addSql(`CREATE TABLE persons (
      id uuid PRIMARY KEY,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      merged_into uuid,
      merged_at timestamptz,
      made_by varchar(10) NOT NULL,
      phone varchar(16) COLLATE "C",
      name text,
      search text GENERATED ALWAYS AS (
        CASE WHEN merged_into IS NULL AND (name IS NOT NULL OR made_by = 'api')
        THEN lower(E'\\n' || coalesce(name || E'\\n', '') || coalesce(phone || E'\\n', '')) END) STORED
    )`);
    this.addSql('CREATE UNIQUE INDEX persons_by_phone ON persons (phone) WHERE phone IS NOT NULL');
    this.addSql('CREATE INDEX persons_in_order ON persons (created_at, id) WHERE merged_into IS NULL');
    this.addSql('CREATE INDEX persons_merged ON persons (merged_into) WHERE merged_into IS NOT NULL');

    // No foreign keys, as with messages: each would cost a look-up per row.
    this.addSql(`CREATE TABLE platform_identities (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      instance_id uuid NOT NULL,
      person_id uuid NOT NULL,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      removed_at timestamptz,
      is_bot boolean NOT NULL,
      pinned boolean NOT NULL DEFAULT false,
      first_linked_by varchar(10) NOT NULL,
      channel varchar(20) NOT NULL,
      external_id varchar(255) COLLATE "C" NOT NULL,
      phone varchar(16) COLLATE "C",
      handle text,
      saved_name text,
      verified_name text,
      pushed_name text,
      metadata jsonb NOT NULL DEFAULT '{}',
      search text GENERATED ALWAYS AS (
        lower(E'\\n' || coalesce(saved_name || E'\\n', '') || coalesce(verified_name || E'\\n', '')
          || coalesce(pushed_name || E'\\n', '') || coalesce(handle || E'\\n', '') || coalesce(phone || E'\\n', ''))) STORED,
      UNIQUE (instance_id, external_id)
    ) WITH (fillfactor = 90)`);
    this.addSql('CREATE INDEX platform_identities_by_person ON platform_identities (person_id)');

    // Where the server has no trigrams, or this user may not create them, the service works without (person-index.ts).
    // What is written waits in a list that every search reads: at 4 MB, the default, that took ten times the search.
    this.addSql(`DO $$ BEGIN
      CREATE EXTENSION IF NOT EXISTS pg_trgm;
      CREATE INDEX platform_identities_search ON platform_identities USING gin (search gin_trgm_ops)
        WITH (gin_pending_list_limit = 1024);
      CREATE INDEX persons_search ON persons USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 1024);
    EXCEPTION WHEN undefined_file OR feature_not_supported OR insufficient_privilege OR undefined_object THEN NULL;
    END $$`);

    // An alias may be learned before the account that it stands for is met.
    this.addSql(`CREATE TABLE identity_aliases (
      instance_id uuid NOT NULL,
      alias varchar(255) COLLATE "C" NOT NULL,
      external_id varchar(255) COLLATE "C" NOT NULL,
      phone varchar(16) COLLATE "C",
      learned_at timestamptz NOT NULL,
      PRIMARY KEY (instance_id, alias)
    )`);
    this.addSql('CREATE INDEX identity_aliases_by_account ON identity_aliases (instance_id, external_id)');

    // How links changed. The first link of an identity is told by its own row: a line more for each contact that
    // nobody ever links anew would be a third of what storing contacts costs. Without an identity: a merge of persons.
    this.addSql(`CREATE TABLE identity_links (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      identity_id uuid,
      instance_id uuid,
      from_person_id uuid NOT NULL,
      to_person_id uuid NOT NULL,
      linked_by varchar(10) NOT NULL,
      why text NOT NULL,
      at timestamptz NOT NULL
    )`);
    this.addSql('CREATE INDEX identity_links_from ON identity_links (from_person_id)');
    this.addSql('CREATE INDEX identity_links_to ON identity_links (to_person_id)');
    this.addSql('CREATE INDEX identity_links_of ON identity_links (identity_id) WHERE identity_id IS NOT NULL');
    this.addSql(
      'CREATE INDEX identity_links_by_instance ON identity_links (instance_id) WHERE instance_id IS NOT NULL',
    );

    this.addSql(`CREATE TABLE omni_groups (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      instance_id uuid NOT NULL REFERENCES omni_instances (id),
      external_id varchar(255) COLLATE "C" NOT NULL,
      kind varchar(20) NOT NULL,
      parent_external_id varchar(255) COLLATE "C",
      owner_external_id varchar(255) COLLATE "C",
      name text,
      description text,
      member_count integer,
      metadata jsonb NOT NULL DEFAULT '{}',
      platform_created_at timestamptz,
      removed_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (instance_id, external_id)
    )`);

    this.addSql(`CREATE TABLE group_members (
      group_id uuid NOT NULL,
      joined_at timestamptz,
      left_at timestamptz,
      updated_at timestamptz NOT NULL,
      contact_external_id varchar(255) COLLATE "C" NOT NULL,
      role varchar(10) NOT NULL,
      nick text,
      PRIMARY KEY (group_id, contact_external_id)
    ) WITH (fillfactor = 90)`);
    this.addSql('CREATE INDEX group_members_by_contact ON group_members (contact_external_id)');

    // The timeline of a person. Own messages are found by their conversation. Of the sender's id only the hash: that
    // made the step that stores a page 1 % dearer in processor time (median of 15 pairs of runs), the whole id 6 %.
    this.addSql(`CREATE INDEX omni_events_by_sender ON omni_events (hashtextextended(sender_id, 0), timestamp DESC)
      WHERE NOT is_from_me`);

    // What a survey has seen, a row for each page: a stamp on every contact would rewrite 100,000 rows in which nothing
    // changed, and a row for each would be written and deleted as often.
    this.addSql(`CREATE TABLE sightings (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      job_id uuid NOT NULL,
      instance_id uuid NOT NULL,
      kind varchar(10) NOT NULL,
      parent_external_id varchar(255) COLLATE "C",
      external_ids text[] NOT NULL
    )`);
    this.addSql('CREATE INDEX sightings_by_job ON sightings (job_id, kind)');
  }
}
