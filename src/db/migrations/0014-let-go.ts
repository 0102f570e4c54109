import { Migration } from '@mikro-orm/migrations';

/** When the owner of an instance that is being removed has put it down, so that its rows may go. */
export class LetGo extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE omni_instances ADD COLUMN let_go_at timestamptz');
    this.addSql('CREATE INDEX omni_instances_removing ON omni_instances (partition) WHERE removing_at IS NOT NULL');
  }
}
