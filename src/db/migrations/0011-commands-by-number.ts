import { Migration } from '@mikro-orm/migrations';

/**
 * A command is open while its number is above the `last_seq` of its instance. So nothing is written to it when it has
 * run, and its number is its key.
 */
export class CommandsByNumber extends Migration {
  override up(): void {
    this.addSql('DROP INDEX commands_open');
    this.addSql('DROP INDEX commands_finished');
    this.addSql('ALTER TABLE commands DROP CONSTRAINT commands_pkey');
    this.addSql('ALTER TABLE commands DROP CONSTRAINT commands_instance_id_seq_key');
    this.addSql('ALTER TABLE commands ADD PRIMARY KEY (instance_id, seq)');
    this.addSql('ALTER TABLE commands DROP COLUMN finished_at, DROP COLUMN partition');
    this.addSql('CREATE INDEX commands_by_age ON commands (accepted_at)');
  }
}
