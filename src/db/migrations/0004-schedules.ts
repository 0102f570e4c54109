import { Migration } from '@mikro-orm/migrations';

/** Settings of single instances, what comes of schedules, and the syncs that instances begin by themselves. */
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

    // The key keeps two nodes from opening one slot.
    this.addSql(`CREATE TABLE schedule_slots (
      schedule varchar(50) NOT NULL,
      slot_at timestamptz NOT NULL,
      opened_at timestamptz NOT NULL,
      PRIMARY KEY (schedule, slot_at)
    )`);
    // Each row is updated once, when it is settled.
    this.addSql(`CREATE TABLE schedule_runs (
      schedule varchar(50) NOT NULL,
      slot_at timestamptz NOT NULL,
      instance_id uuid NOT NULL,
      due_at timestamptz NOT NULL,
      outcome varchar(20) NOT NULL DEFAULT 'due',
      job_id uuid,
      reason varchar(50),
      settled_at timestamptz,
      PRIMARY KEY (schedule, slot_at, instance_id),
      FOREIGN KEY (schedule, slot_at) REFERENCES schedule_slots (schedule, slot_at) ON DELETE CASCADE
    ) WITH (fillfactor = 70)`);
    this.addSql(`CREATE INDEX schedule_runs_due ON schedule_runs (due_at) WHERE outcome = 'due'`);
    this.addSql('CREATE INDEX schedule_runs_by_instance ON schedule_runs (instance_id)');

    // For which unbroken stream of live messages an instance has synced by itself last.
    this.addSql(`CREATE TABLE catch_ups (
      instance_id uuid PRIMARY KEY,
      continuity text NOT NULL,
      begun_at timestamptz NOT NULL,
      since timestamptz NOT NULL,
      job_id uuid NOT NULL
    )`);
  }
}
