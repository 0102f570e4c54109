import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { WhatsAppSimulator } from './whatsapp-simulator.ts';
import { defaultWorld } from './world/default-world.ts';
import type { WorldPlan } from './world/world-plan.ts';

prepareBaileys();

let simulator: WhatsAppSimulator;
let client: BaileysClient;

/** The default world, and an address book that takes more than one answer. */
const world = (now: number): WorldPlan => {
  const [account, ...others] = defaultWorld(now, { messages: 200 }).accounts;
  if (account === undefined) throw new Error('There is no account.');
  const saved = Array.from({ length: 60 }, (_, at) => ({
    name: `Saved ${at}`,
    phoneNumber: `49160${1_000_000 + at}`,
    savedAs: `Number ${at}`,
  }));
  return { accounts: [{ ...account, people: [...(account.people ?? []), ...saved] }, ...others] };
};

beforeAll(async () => {
  simulator = await startWhatsAppSimulator({ seed: 7, world });
  client = new BaileysClient(simulator, { appStateMacVerification: { patch: true, snapshot: true } });
  await client.pair();
});

afterEach(() => {
  expect(simulator.log.violations).toEqual([]);
});

afterAll(async () => {
  await client.end();
  await simulator.close();
});

describe('contacts', () => {
  it('come by app state, each with its name and, where it may be known, its LID', async () => {
    const saved = simulator.contacts().filter(({ savedAs }) => savedAs !== null);
    expect(saved.length).toBeGreaterThan(60);
    // Baileys merges contacts into those of history that it holds back.
    const heard = () =>
      client.events.flatMap((events) => [
        ...(events['contacts.upsert'] ?? []),
        ...(events['messaging-history.set']?.contacts ?? []),
      ]);
    await client.until(() =>
      saved.every(({ savedAs }) => heard().some(({ name }) => name === savedAs)) ? true : undefined,
    );
    const { pn, lid } = simulator.account().world.person('Ada');
    expect(heard().find(({ name }) => name === 'Ada Lovelace')).toMatchObject({ id: pn, lid, phoneNumber: pn });
    expect(client.auth.creds.me?.name).toBe('Owner');
  });

  it('change when the owner writes into the address book', async () => {
    await simulator.edit({ edit: 'saveContact', person: 'Emil', savedAs: 'Emil with the boat' });
    const contacts = await client.heard((events) =>
      events['contacts.upsert']?.some(({ name }) => name === 'Emil with the boat')
        ? events['contacts.upsert']
        : undefined,
    );
    expect(contacts.find(({ name }) => name === 'Emil with the boat')?.id).toBe(
      simulator.account().world.person('Emil').pn,
    );
  });

  it('can be asked whether they are on WhatsApp, and which LID they have', async () => {
    const { pn } = simulator.account().world.person('Ben');
    expect(await client.socket.onWhatsApp(pn, '4900000000')).toEqual([{ jid: pn, exists: true }]);
  });
});

describe('a new device', () => {
  it('gets the app state as a snapshot in a file, if the simulator is told to do as the real server does', async () => {
    const other = await startWhatsAppSimulator({ seed: 8, world, appState: 'snapshot' });
    const own = globalThis.fetch;
    // Baileys asks WhatsApp's own host; nothing of this test may leave the machine.
    vi.spyOn(globalThis, 'fetch').mockImplementation((address, init) => {
      const { pathname, search } = new URL(String(address));
      return own(`${other.mediaUrl}${pathname}${search}`, init);
    });
    const device = new BaileysClient(other, { appStateMacVerification: { patch: true, snapshot: true } });
    await device.pair();
    await device.until(() => (device.auth.creds.me?.name === 'Owner' ? true : undefined));
    const heard = () =>
      device.events.flatMap((events) => [
        ...(events['contacts.upsert'] ?? []),
        ...(events['messaging-history.set']?.contacts ?? []),
      ]);
    const saved = other.contacts().filter(({ savedAs }) => savedAs !== null);
    await device.until(() =>
      saved.every(({ savedAs }) => heard().some(({ name }) => name === savedAs)) ? true : undefined,
    );
    expect(other.downloads.map(({ status }) => status)).toEqual([200, 200]);
    await device.end();
    await other.close();
    expect(other.log.violations).toEqual([]);
  });
});

describe('groups', () => {
  it('come all at once, with members, roles and communities', async () => {
    const groups = await client.socket.groupFetchAllParticipating();
    expect(Object.keys(groups).sort()).toEqual(
      simulator
        .groups()
        .map(({ jid }) => jid)
        .sort(),
    );
    for (const {
      jid,
      subject,
      description,
      isCommunity,
      communityJid,
      isAnnouncementGroup,
      members,
    } of simulator.groups()) {
      const found = groups[jid];
      expect(found).toMatchObject({ subject, isCommunity, isCommunityAnnounce: isAnnouncementGroup });
      expect(found?.desc ?? null).toBe(description);
      expect(found?.linkedParent ?? null).toBe(communityJid);
      expect(found?.participants.map(({ id, admin }) => `${id} ${admin ?? 'member'}`).sort()).toEqual(
        members.map(({ jid: member, role }) => `${member} ${role}`).sort(),
      );
    }
    expect(Object.values(groups).map(({ subject }) => subject)).not.toContain('Left behind');
    expect(Object.values(groups).find(({ subject }) => subject === 'Old school')?.addressingMode).toBe('pn');
  });

  it('come one by one, but neither those that were left nor too fast', async () => {
    const [group] = simulator.groups();
    expect((await client.socket.groupMetadata(group?.jid ?? '')).subject).toBe(group?.subject);
    const left = simulator.account().world.chat('Left behind').ownJid ?? '';
    await expect(client.socket.groupMetadata(left)).rejects.toMatchObject({ output: { statusCode: 500 }, data: 403 });
    simulator.faults.add({ kind: 'groupsOverlimit' }, { times: 2 });
    await expect(client.socket.groupMetadata(group?.jid ?? '')).rejects.toMatchObject({
      message: 'rate-overlimit',
      data: 429,
    });
    await expect(client.socket.groupFetchAllParticipating()).rejects.toMatchObject({ data: 429 });
  });
});
