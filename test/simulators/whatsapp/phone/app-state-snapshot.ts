import { proto } from '@whiskeysockets/baileys';
import type { MediaHost } from '../media/media-host.ts';
import { sealFile } from '../media/seal-file.ts';

const { SyncdOperation } = proto.SyncdMutation;

/**
 * Everything that the patches of a collection come to, as a file: what the real server gives to whoever has nothing.
 * An encoded `ExternalBlobReference`.
 */
export const snapshotOf = async (patches: readonly Buffer[], media: MediaHost): Promise<Buffer> => {
  const records = new Map<string, proto.ISyncdRecord>();
  const decoded = patches.map((patch) => proto.SyncdPatch.decode(patch));
  for (const { operation, record } of decoded.flatMap(({ mutations }) => mutations)) {
    const index = Buffer.from(record?.index?.blob ?? []).toString('base64');
    if (operation === SyncdOperation.REMOVE || !record) records.delete(index);
    else records.set(index, record);
  }
  const last = decoded.at(-1);
  const plain = proto.SyncdSnapshot.encode({
    version: last?.version ?? { version: 0 },
    records: [...records.values()],
    // The MAC of a snapshot is over the same as that of the last patch: hash, version and name.
    mac: last?.snapshotMac ?? new Uint8Array(),
    keyId: last?.keyId ?? null,
  }).finish();
  const { bytes, mediaKey, fileSha256, fileEncSha256, fileLength } = await sealFile(Buffer.from(plain), 'md-app-state');
  const reference = proto.ExternalBlobReference.encode({
    mediaKey,
    directPath: media.put(bytes),
    handle: '1',
    fileSizeBytes: fileLength,
    fileSha256,
    fileEncSha256,
  });
  return Buffer.from(reference.finish());
};
