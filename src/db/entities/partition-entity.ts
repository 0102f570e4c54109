import { defineEntity, p } from '@mikro-orm/core';

export const PartitionEntity = defineEntity({
  name: 'Partition',
  tableName: 'partitions',
  properties: {
    partition: p.smallint().primary(),
    nodeId: p.text().nullable(),
    epoch: p.bigint('number'),
  },
});
