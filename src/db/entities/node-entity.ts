import { defineEntity, p } from '@mikro-orm/core';

export const NodeEntity = defineEntity({
  name: 'Node',
  tableName: 'nodes',
  properties: {
    nodeId: p.text().primary(),
    leaseUntil: p.datetime(),
    /** Machines by id, each with the newest version of its snapshots that the node can take up. */
    versions: p.json<Readonly<Record<string, number>>>(),
  },
});
