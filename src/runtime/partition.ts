import type { InstanceId } from '../domain/ids.ts';
import { PARTITIONS } from './fence.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The partition of an instance: FNV-1a (32 bit) of its id, modulo 64. It is stored with the instance and its
 * commands, so neither the hash nor the number of partitions may ever change for a database.
 */
export const partitionOf = (instanceId: InstanceId): number => {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(instanceId.toLowerCase())) {
    hash = Math.imul(hash ^ byte, FNV_PRIME);
  }
  return (hash >>> 0) % PARTITIONS;
};
