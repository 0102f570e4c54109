import { Migration } from '@mikro-orm/migrations';

/** Edits and deletions that came before their message. */
export class WaitingChanges extends Migration {
  override up(): void {
    // By the conversation's external id, since the conversation may be as unknown as the message. Without `edited_at`
    // nothing is told but the deletion.
    this.addSql(`CREATE TABLE waiting_changes (
      instance_id uuid NOT NULL,
      conversation_external_id varchar(255) COLLATE "C" NOT NULL,
      external_id varchar(255) COLLATE "C" NOT NULL,
      deleted_at timestamptz,
      edited_at timestamptz,
      type varchar(20),
      text text,
      payload json,
      waiting_since timestamptz NOT NULL,
      PRIMARY KEY (instance_id, conversation_external_id, external_id)
    )`);
  }
}
