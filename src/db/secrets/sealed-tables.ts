import type { InstanceId } from '../../domain/ids.ts';

/** What ties a sealed value to its row, so that it opens nowhere else. */
export const secretContext = (id: InstanceId, kind: string, name: string): string => `${id}/${kind}/${name}`;
export const pushContext = (id: InstanceId, name: string): string => `${id}/push/${name}`;

/** A table with sealed values: `context` is the SQL of what the functions above make of a row. */
export interface SealedTable {
  readonly name: string;
  readonly context: string;
  /** SQL of a column that is the fingerprint of what was sealed, where there is one. */
  readonly fingerprinted: boolean;
}

/** Every table in which something is sealed: a rotation of the key goes through all of them. */
export const SEALED_TABLES: readonly SealedTable[] = [
  { name: 'channel_auth', context: 'instance_id::text', fingerprinted: true },
  { name: 'session_secrets', context: "instance_id::text || '/' || kind || '/' || name", fingerprinted: false },
  { name: 'pushes', context: "instance_id::text || '/push/' || name", fingerprinted: false },
];
