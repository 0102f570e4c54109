import { defineEntity, p } from '@mikro-orm/core';
import type { ScheduleName } from '../../domain/schedule.ts';

export const ScheduleSlotEntity = defineEntity({
  name: 'ScheduleSlot',
  tableName: 'schedule_slots',
  properties: {
    schedule: p.string().$type<ScheduleName>().primary(),
    slotAt: p.datetime().primary(),
    openedAt: p.datetime(),
  },
});
