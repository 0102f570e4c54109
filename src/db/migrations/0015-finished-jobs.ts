import { Migration } from '@mikro-orm/migrations';

/** What is over for long can be found, and keeps no context of its machine, which nobody restores. */
export class FinishedJobs extends Migration {
  override up(): void {
    this.addSql('CREATE INDEX sync_jobs_finished ON sync_jobs (completed_at) WHERE completed_at IS NOT NULL');
    this.addSql(`UPDATE sync_jobs SET machine_context = NULL
      WHERE status IN ('completed', 'failed', 'cancelled') AND machine_context IS NOT NULL`);
  }
}
