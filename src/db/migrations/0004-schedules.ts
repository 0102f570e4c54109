import { Migration } from '@mikro-orm/migrations';

/** Settings of single instances, and what comes of schedules. */
export class Schedules extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE instance_settings (
      instance_id uuid NOT NULL,
      key text NOT NULL,
      value jsonb NOT NULL,
      updated_at timestamptz NOT NULL,
      PRIMARY KEY (instance_id, key)
    )`);
    // Null: of the whole service.
    this.addSql('ALTER TABLE settings_history ADD COLUMN instance_id uuid');
    this.addSql('CREATE INDEX settings_history_by_key ON settings_history (key, id DESC)');
    this.addSql(`CREATE INDEX settings_history_by_instance ON settings_history (instance_id, key, id DESC)
      WHERE instance_id IS NOT NULL`);
  }
}
