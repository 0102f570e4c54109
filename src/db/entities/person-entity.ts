import { defineEntity, p } from '@mikro-orm/core';
import type { PersonId } from '../../domain/ids.ts';

export const PersonEntity = defineEntity({
  name: 'Person',
  tableName: 'persons',
  properties: {
    id: p.uuid().$type<PersonId>().primary(),
    name: p.text().nullable(),
    phone: p.string().nullable(),
    /** By hand: this phone, or that there is none. */
    phoneGiven: p.boolean(),
    madeBy: p.string().$type<'sync' | 'api'>(),
    mergedInto: p.uuid().$type<PersonId>().nullable(),
    mergedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
