import type { BinaryNode } from '@whiskeysockets/baileys';
import type { MediaHost } from '../../media/media-host.ts';
import { snapshotOf } from '../../phone/app-state-snapshot.ts';
import type { AppStateState } from '../../state/simulator-state.ts';
import { childrenOf, needAttr, needChild, node } from '../../wire/nodes.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { IqTable } from './iq.ts';

const COLLECTIONS: ReadonlySet<string> = new Set([
  'critical_block',
  'critical_unblock_low',
  'regular_high',
  'regular_low',
  'regular',
]);
/** Patches in one answer. */
const PATCHES = 50;

/**
 * How somebody who has nothing of a collection gets it: all its patches, or, as the real server does, a snapshot in a
 * file. Baileys fetches that file by itself, from WhatsApp's own host: whoever wants `snapshot` must redirect it.
 */
export type FirstAppState = 'patches' | 'snapshot';

/** Collections of the app state: what a companion lacks of each, encrypted. `chats.js`, `chat-utils.js` */
export const appStateQueries = (media: MediaHost, first: FirstAppState): IqTable => ({
  'set w:sync:app:state sync': async (iq, { account }) => {
    const asked = childrenOf(needChild(iq, 'sync'), 'collection');
    const answers: BinaryNode[] = [];
    for (const one of asked) answers.push(await collection(one, account.state.appState, media, first));
    return { content: [node('sync', {}, answers)] };
  },
});

const collection = async (
  asked: BinaryNode,
  { collections }: AppStateState,
  media: MediaHost,
  first: FirstAppState,
): Promise<BinaryNode> => {
  const name = needAttr(asked, 'name');
  if (!COLLECTIONS.has(name)) throw new ProtocolError('appState', `no collection is called ${name}`);
  if (childrenOf(asked, 'patch').length > 0) {
    throw new ProtocolError('appState', 'it writes app state; this service only reads');
  }
  const version = Number(needAttr(asked, 'version'));
  const held = collections[name] ?? { version: 0, patches: [] };
  if (!(version >= 0 && version <= held.version)) {
    throw new ProtocolError('appState', `${name} has version ${held.version}, not ${version}`);
  }
  if (first === 'snapshot' && asked.attrs['return_snapshot'] === 'true' && held.version > 0) {
    const attrs = { name, version: String(held.version), type: 'result' };
    return node('collection', attrs, [node('snapshot', {}, await snapshotOf(held.patches, media))]);
  }
  const patches = held.patches.slice(version, version + PATCHES);
  const hasMore = version + patches.length < held.version;
  const attrs = { name, version: String(version), has_more_patches: hasMore ? 'true' : undefined, type: 'result' };
  return node('collection', attrs, [
    node(
      'patches',
      {},
      patches.map((patch) => node('patch', {}, patch)),
    ),
  ]);
};
