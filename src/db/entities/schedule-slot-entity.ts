import { defineEntity, p } from '@mikro-orm/core';
import type { ScheduleName } from '../../domain/schedule.ts';

/** A slot that came by the clock; or a run by hand, whose `slotAt` is when it was asked for. */
export const ScheduleSlotEntity = defineEntity({
  name: 'ScheduleSlot',
  tableName: 'schedule_slots',
  properties: {
    schedule: p.string().$type<ScheduleName>().primary(),
    slotAt: p.datetime().primary(),
    openedAt: p.datetime(),
    byHand: p.boolean().default(false),
  },
});
