import { Migration } from '@mikro-orm/migrations';

/** The secrets of sessions that change while they last, and what platforms push once and never again. */
export class Sessions extends Migration {
  override up(): void {
    // Every message of an end-to-end encrypted platform writes the state of its cipher.
    this.addSql(`CREATE TABLE session_secrets (
      instance_id uuid NOT NULL,
      kind varchar(50) COLLATE "C" NOT NULL,
      name text COLLATE "C" NOT NULL,
      key_id text NOT NULL,
      sealed text NOT NULL,
      PRIMARY KEY (instance_id, kind, name)
    ) WITH (fillfactor = 70)`);

    this.addSql(`CREATE TABLE pushes (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      instance_id uuid NOT NULL,
      name text COLLATE "C" NOT NULL,
      key_id text NOT NULL,
      sealed text NOT NULL,
      attempts integer NOT NULL DEFAULT 0,
      failure text,
      received_at timestamptz NOT NULL DEFAULT now(),
      set_aside_at timestamptz,
      UNIQUE (instance_id, name)
    )`);

    // An account that is paired has nothing by which it could be recognised before it is.
    this.addSql('ALTER TABLE channel_auth ALTER COLUMN fingerprint DROP NOT NULL');
  }
}
