import { Migration } from '@mikro-orm/migrations';

/**
 * A person that was merged keeps its name and phone, and is found by them. What was given by hand is told from what an
 * account has; of persons of before, a phone that none of the accounts has was given.
 */
export class Signposts extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE persons DROP COLUMN search');
    this.addSql('ALTER TABLE persons ADD COLUMN phone_given boolean NOT NULL DEFAULT false');
    this.addSql(`UPDATE persons SET phone_given = true
      WHERE made_by = 'api' AND phone IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM platform_identities AS held WHERE held.person_id = persons.id AND held.phone = persons.phone)`);
    this.addSql(`ALTER TABLE persons ADD COLUMN search text GENERATED ALWAYS AS (
      CASE WHEN name IS NOT NULL OR made_by = 'api' OR (phone_given AND phone IS NOT NULL)
      THEN lower(E'\\n' || coalesce(name || E'\\n', '') || coalesce(phone || E'\\n', '')) END) STORED`);
    // As in 0003: where the server has no trigrams, the service works without (person-index.ts).
    this.addSql(`DO $$ BEGIN
      CREATE INDEX persons_search ON persons USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 1024);
    EXCEPTION WHEN undefined_object THEN NULL;
    END $$`);
  }
}
