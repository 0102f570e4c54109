import { fnv1a } from '../domain/fnv.ts';
import type { InstanceId } from '../domain/ids.ts';
import { PARTITIONS } from './fence.ts';

/**
 * The partition of an instance: a hash of its id, modulo 64. It is stored with the instance and its commands, so
 * neither the hash nor the number of partitions may ever change for a database.
 */
export const partitionOf = (instanceId: InstanceId): number => fnv1a(instanceId.toLowerCase()) % PARTITIONS;
