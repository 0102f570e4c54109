import { defineEntity, p } from '@mikro-orm/core';

export const NodeEntity = defineEntity({
  name: 'Node',
  tableName: 'nodes',
  properties: {
    nodeId: p.text().primary(),
    leaseUntil: p.datetime(),
  },
});
