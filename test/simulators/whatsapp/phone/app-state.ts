import {
  type BinaryNode,
  encodeSyncdPatch,
  type LTHashState,
  proto,
  type WAPatchCreate,
} from '@whiskeysockets/baileys';
import { stanzaId } from '../server/device-session.ts';
import type { AppStateState } from '../state/simulator-state.ts';
import { node, SERVER } from '../wire/nodes.ts';
import type { Account } from '../world/account.ts';
import type { Person } from '../world/person.ts';

const { SyncdOperation } = proto.SyncdMutation;
const CONTACTS = 'critical_unblock_low';
const SETTINGS = 'critical_block';

/** Adds a patch to a collection, encrypted with the key that the phone shared. `chat-utils.js` */
const append = async (state: AppStateState, create: WAPatchCreate): Promise<void> => {
  const held = state.collections[create.type] ?? { version: 0, hash: Buffer.alloc(128), index: {}, patches: [] };
  const { version, hash, index } = held;
  const indexValueMap: LTHashState['indexValueMap'] = Object.fromEntries(
    Object.entries(index).map(([mac, valueMac]) => [mac, { valueMac }]),
  );
  const { patch, state: next } = await encodeSyncdPatch(
    create,
    state.keyId.toString('base64'),
    { version, hash, indexValueMap },
    async () => ({ keyData: state.keyData }),
  );
  const encoded = proto.SyncdPatch.encode({ ...patch, version: { version: next.version } }).finish();
  state.collections[create.type] = {
    version: next.version,
    hash: Buffer.from(next.hash),
    index: Object.fromEntries(
      Object.entries(next.indexValueMap).map(([mac, { valueMac }]) => [mac, Buffer.from(valueMac)]),
    ),
    patches: [...held.patches, Buffer.from(encoded)],
  };
};

const writeContact = (state: AppStateState, { pn, lid, savedAs, isMappingKnown }: Person): Promise<void> =>
  append(state, {
    type: CONTACTS,
    index: ['contact', pn],
    syncAction: {
      timestamp: 1,
      contactAction: {
        fullName: savedAs ?? '',
        firstName: (savedAs ?? '').split(' ')[0] ?? '',
        ...(isMappingKnown ? { lidJid: lid } : {}),
        saveOnPrimaryAddressbook: true,
      },
    },
    apiVersion: 2,
    operation: savedAs === null ? SyncdOperation.REMOVE : SyncdOperation.SET,
  });

/** What the phone wrote before any companion came: the owner's name, and the address book. */
export const writeAddressBook = async ({ owner, people }: Account, state: AppStateState): Promise<void> => {
  if (state.collections[SETTINGS] !== undefined) return;
  await append(state, {
    type: SETTINGS,
    index: ['setting_pushName'],
    syncAction: { timestamp: 1, pushNameSetting: { name: owner.pushName } },
    apiVersion: 1,
    operation: SyncdOperation.SET,
  });
  for (const person of people.values()) if (person.savedAs !== null) await writeContact(state, person);
};

/** The owner changed the address book. Gives what the server tells companions: that the collection changed. */
export const saveContact = async (state: AppStateState, person: Person, now: number): Promise<BinaryNode> => {
  await writeContact(state, person);
  const version = String(state.collections[CONTACTS]?.version ?? 0);
  const t = String(Math.floor(now / 1000));
  return node('notification', { from: SERVER, type: 'server_sync', id: stanzaId(), t }, [
    node('collection', { name: CONTACTS, version }),
  ]);
};
