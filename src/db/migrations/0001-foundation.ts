import { Migration } from '@mikro-orm/migrations';

/** Instances, what runs them, and their secrets. */
export class Foundation extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE partitions (
      partition smallint PRIMARY KEY,
      node_id text,
      epoch bigint NOT NULL DEFAULT 0
    )`);
    this.addSql('INSERT INTO partitions (partition) SELECT generate_series(0, 63)');

    // Tells this database from every other one: its outbox ids and epochs mean nothing elsewhere.
    this.addSql('CREATE TABLE database_identity (id uuid PRIMARY KEY DEFAULT gen_random_uuid())');
    this.addSql('INSERT INTO database_identity DEFAULT VALUES');

    this.addSql(`CREATE TABLE nodes (
      node_id text PRIMARY KEY,
      lease_until timestamptz NOT NULL
    )`);

    // Every command and step updates the row, so room is left for the new version beside the old.
    this.addSql(`CREATE TABLE omni_instances (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      name text NOT NULL,
      channel varchar(20) NOT NULL,
      partition smallint NOT NULL REFERENCES partitions (partition),
      state varchar(20) NOT NULL DEFAULT 'stopped',
      account jsonb,
      error jsonb,
      wanted boolean NOT NULL DEFAULT false,
      next_seq bigint NOT NULL DEFAULT 1,
      last_seq bigint NOT NULL DEFAULT 0,
      removing_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 70)`);
    this.addSql('CREATE INDEX omni_instances_by_partition ON omni_instances (partition)');

    this.addSql(`CREATE TABLE commands (
      id uuid PRIMARY KEY,
      instance_id uuid NOT NULL,
      partition smallint NOT NULL,
      seq bigint NOT NULL,
      command jsonb NOT NULL,
      attempts integer NOT NULL DEFAULT 0,
      accepted_at timestamptz NOT NULL,
      finished_at timestamptz,
      UNIQUE (instance_id, seq)
    )`);
    this.addSql('CREATE INDEX commands_open ON commands (partition, accepted_at) WHERE finished_at IS NULL');
    this.addSql('CREATE INDEX commands_finished ON commands (finished_at) WHERE finished_at IS NOT NULL');

    this.addSql(`CREATE TABLE actor_snapshots (
      instance_id uuid NOT NULL,
      actor_id text NOT NULL,
      machine text NOT NULL,
      version integer NOT NULL,
      value jsonb NOT NULL,
      context jsonb NOT NULL,
      PRIMARY KEY (instance_id, actor_id)
    ) WITH (fillfactor = 50)`);

    this.addSql(`CREATE TABLE outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      instance_id uuid NOT NULL,
      channel varchar(20) NOT NULL,
      job_id uuid,
      event jsonb NOT NULL,
      at timestamptz NOT NULL,
      sent_at timestamptz
    )`);
    this.addSql('CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL');
    this.addSql('CREATE INDEX outbox_by_job ON outbox (job_id, id) WHERE job_id IS NOT NULL');
    this.addSql('CREATE INDEX outbox_by_instance ON outbox (instance_id)');

    this.addSql(`CREATE TABLE dead_letters (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      instance_id uuid NOT NULL,
      command_id uuid NOT NULL,
      command jsonb NOT NULL,
      reason text NOT NULL,
      attempts integer NOT NULL,
      at timestamptz NOT NULL,
      fate varchar(20)
    )`);
    this.addSql('CREATE INDEX dead_letters_open ON dead_letters (at DESC, id DESC) WHERE fate IS NULL');

    this.addSql(`CREATE TABLE secret_keys (
      key_id text PRIMARY KEY,
      check_value text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`);

    this.addSql(`CREATE TABLE channel_auth (
      instance_id uuid PRIMARY KEY,
      channel varchar(20) NOT NULL,
      key_id text NOT NULL,
      sealed text NOT NULL,
      fingerprint text NOT NULL,
      UNIQUE (channel, fingerprint)
    )`);

    this.addSql(`CREATE TABLE settings (
      key text PRIMARY KEY,
      value jsonb NOT NULL,
      updated_at timestamptz NOT NULL
    )`);
    this.addSql(`CREATE TABLE settings_history (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL,
      old_value jsonb,
      new_value jsonb,
      changed_by text NOT NULL DEFAULT 'api',
      changed_at timestamptz NOT NULL
    )`);
  }
}
