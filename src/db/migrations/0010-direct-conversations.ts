import { Migration } from '@mikro-orm/migrations';

/** A timeline looks through the direct conversations of an account, which may have 100,000 others. */
export class DirectConversations extends Migration {
  override up(): void {
    this.addSql(`CREATE INDEX conversations_direct ON conversations (instance_id) WHERE kind = 'direct'`);
  }
}
