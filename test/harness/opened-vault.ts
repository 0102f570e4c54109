import type { PGlite } from '@electric-sql/pglite';
import { pushContext, secretContext } from '../../src/db/secrets/sealed-tables.ts';
import { sealingKey } from '../../src/db/secrets/sealing-key.ts';
import { readKeyFile } from '../../src/db/secrets/secret-key.ts';
import { InstanceId } from '../../src/domain/ids.ts';

export interface OpenedValue {
  /** Such as `creds` or `pre-key`; `push` for what the platform pushed and nobody has stored yet. */
  readonly kind: string;
  readonly value: string;
}

/** Everything that the vault of an instance holds, opened with the key of `dataDir`. */
export const openedVault = async (
  database: PGlite,
  dataDir: string,
  instanceId: string,
): Promise<readonly OpenedValue[]> => {
  const secret = readKeyFile(dataDir);
  if (secret === null) throw new Error(`There is no key in ${dataDir}.`);
  const { open } = sealingKey(secret);
  const id = InstanceId.make(instanceId);
  const secrets = await database.query<{ kind: string; name: string; sealed: string }>(
    'SELECT kind, name, sealed FROM session_secrets WHERE instance_id = $1',
    [id],
  );
  const pushes = await database.query<{ name: string; sealed: string }>(
    'SELECT name, sealed FROM pushes WHERE instance_id = $1',
    [id],
  );
  return [
    ...secrets.rows.map(({ kind, name, sealed }) => ({ kind, value: open(sealed, secretContext(id, kind, name)) })),
    ...pushes.rows.map(({ name, sealed }) => ({ kind: 'push', value: open(sealed, pushContext(id, name)) })),
  ];
};
