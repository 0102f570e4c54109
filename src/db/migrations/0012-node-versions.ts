import { Migration } from '@mikro-orm/migrations';

/** Partitions are shared out among the nodes that can read them. */
export class NodeVersions extends Migration {
  override up(): void {
    this.addSql("ALTER TABLE nodes ADD COLUMN versions jsonb NOT NULL DEFAULT '{}'");
  }
}
