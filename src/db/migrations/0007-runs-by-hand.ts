import { Migration } from '@mikro-orm/migrations';

/** Runs of schedules that somebody asked for stand beside the slots that came by the clock. */
export class RunsByHand extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE schedule_slots ADD COLUMN by_hand boolean NOT NULL DEFAULT false');
  }
}
