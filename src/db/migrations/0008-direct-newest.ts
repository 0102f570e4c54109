import { Migration } from '@mikro-orm/migrations';

/** No list of Discord's names the newest message of a direct conversation again: what was noted once proves nothing. */
export class DirectNewest extends Migration {
  override up(): void {
    this.addSql(`UPDATE conversations
      SET newest_known = false, newest_at = NULL, newest_external_id = NULL
      WHERE newest_known AND kind = 'direct'
        AND instance_id IN (SELECT id FROM omni_instances WHERE channel = 'discord')`);
  }
}
