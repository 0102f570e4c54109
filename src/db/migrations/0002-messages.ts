import { Migration } from '@mikro-orm/migrations';

/** Conversations, their spans and messages, and the jobs that fetch them. */
export class Messages extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE conversations (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      ordinal bigint GENERATED ALWAYS AS IDENTITY,
      instance_id uuid NOT NULL REFERENCES omni_instances (id),
      external_id varchar(255) COLLATE "C" NOT NULL,
      parent_external_id varchar(255) COLLATE "C",
      kind varchar(20) NOT NULL,
      name text,
      created_at timestamptz,
      newest_known boolean NOT NULL DEFAULT false,
      newest_at timestamptz,
      newest_external_id varchar(255) COLLATE "C",
      unreadable text,
      holds_messages boolean NOT NULL,
      stop_reason varchar(20),
      stopped_at timestamptz,
      event_count bigint NOT NULL DEFAULT 0,
      removed_at timestamptz,
      updated_at timestamptz NOT NULL,
      UNIQUE (instance_id, external_id)
    ) WITH (fillfactor = 80)`);
    this.addSql('CREATE UNIQUE INDEX conversations_in_order ON conversations (instance_id, ordinal)');

    // What a survey remembers may belong to something that is listed nowhere, such as a guild.
    this.addSql(`CREATE TABLE bookmarks (
      instance_id uuid NOT NULL,
      external_id varchar(255) COLLATE "C" NOT NULL,
      bookmark text NOT NULL,
      PRIMARY KEY (instance_id, external_id)
    )`);

    // Position 0 is the newest span.
    this.addSql(`CREATE TABLE spans (
      conversation_id uuid NOT NULL,
      position integer NOT NULL,
      newest_at timestamptz NOT NULL,
      newest_external_id varchar(255) COLLATE "C",
      oldest_at timestamptz NOT NULL,
      oldest_external_id varchar(255) COLLATE "C",
      reaches_start boolean NOT NULL,
      continuity text,
      PRIMARY KEY (conversation_id, position)
    ) WITH (fillfactor = 70)`);

    // A conversation belongs to one instance, so its primary key makes (instance, conversation, external id) unique
    // too, at 16 bytes less for each message. No foreign keys: each would cost a look-up per row. The fixed-width
    // columns come first, so that nothing is lost to alignment.
    // Payloads are json, not jsonb: nothing looks inside them, and a Discord message takes 746 bytes a row instead of
    // 912.
    this.addSql(`CREATE TABLE omni_events (
      id bigint GENERATED ALWAYS AS IDENTITY,
      timestamp timestamptz NOT NULL,
      stored_at timestamptz NOT NULL,
      edited_at timestamptz,
      deleted_at timestamptz,
      instance_id uuid NOT NULL,
      conversation_id uuid NOT NULL,
      is_from_me boolean NOT NULL,
      external_id varchar(255) COLLATE "C" NOT NULL,
      sender_id text,
      type varchar(20) NOT NULL,
      source varchar(10) NOT NULL,
      text text,
      payload json,
      PRIMARY KEY (conversation_id, external_id)
    )`);
    this.addSql('CREATE INDEX omni_events_by_instance ON omni_events (instance_id, timestamp DESC, id DESC)');
    this.addSql('CREATE INDEX omni_events_by_conversation ON omni_events (conversation_id, timestamp DESC, id DESC)');

    // Every page rewrites progress and context of its job, so room is left for the new version beside the old.
    this.addSql(`CREATE TABLE sync_jobs (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      instance_id uuid NOT NULL REFERENCES omni_instances (id),
      type varchar(50) NOT NULL,
      status varchar(50) NOT NULL DEFAULT 'pending',
      scope text NOT NULL,
      config jsonb NOT NULL DEFAULT '{}',
      progress jsonb NOT NULL DEFAULT '{}',
      waiting_for jsonb,
      error_message text,
      machine text,
      machine_version integer,
      machine_value jsonb,
      machine_context jsonb,
      started_at timestamptz,
      completed_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 50)`);
    this.addSql(`CREATE UNIQUE INDEX sync_jobs_one_active ON sync_jobs (instance_id, type, scope)
      WHERE status IN ('pending', 'waiting', 'running', 'paused')`);
    this.addSql('CREATE INDEX sync_jobs_by_instance ON sync_jobs (instance_id, created_at DESC, id DESC)');
    this.addSql('CREATE INDEX sync_jobs_in_time ON sync_jobs (created_at DESC, id DESC)');
  }
}
