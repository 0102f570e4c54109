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

/** Collections of the app state: what a companion lacks of each, as encrypted patches. `chats.js` */
export const appStateQueries: IqTable = {
  'set w:sync:app:state sync': (iq, { account }) => {
    const { collections } = account.state.appState;
    const answers = childrenOf(needChild(iq, 'sync'), 'collection').map((asked) => {
      const name = needAttr(asked, 'name');
      if (!COLLECTIONS.has(name)) throw new ProtocolError('appState', `no collection is called ${name}`);
      if (childrenOf(asked, 'patch').length > 0)
        throw new ProtocolError('appState', 'it writes app state; this service only reads');
      const version = Number(needAttr(asked, 'version'));
      const held = collections[name] ?? { version: 0, patches: [] };
      if (!(version >= 0 && version <= held.version)) {
        throw new ProtocolError('appState', `${name} has version ${held.version}, not ${version}`);
      }
      const patches = held.patches.slice(version, version + PATCHES);
      const hasMore = version + patches.length < held.version;
      return node(
        'collection',
        { name, version: String(version), has_more_patches: hasMore ? 'true' : undefined, type: 'result' },
        [
          node(
            'patches',
            {},
            patches.map((patch) => node('patch', {}, patch)),
          ),
        ],
      );
    });
    return { content: [node('sync', {}, answers)] };
  },
};
