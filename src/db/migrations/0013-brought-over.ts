import { Migration } from '@mikro-orm/migrations';

/** What an alias has still to bring over, so that it can be done batch by batch. */
export class BroughtOver extends Migration {
  override up(): void {
    // Its messages are on their way into that conversation; it goes when none is left.
    this.addSql('ALTER TABLE conversations ADD COLUMN merging_into uuid');
    this.addSql(`CREATE INDEX conversations_merging ON conversations (instance_id, ordinal)
      WHERE merging_into IS NOT NULL`);

    // Messages older than this may name their sender by the alias; null: none does.
    this.addSql('ALTER TABLE identity_aliases ADD COLUMN renaming_below timestamptz');
    this.addSql(`CREATE INDEX identity_aliases_renaming ON identity_aliases (instance_id, alias)
      WHERE renaming_below IS NOT NULL`);
  }
}
