import { afterEach, describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../harness/service-stage.ts';
import type { ContactShown, GroupShown, MemberShown } from '../harness/stored-people.ts';
import { WhatsAppStage } from '../harness/whatsapp-stage.ts';
import { prepareBaileys } from '../simulators/whatsapp/baileys-in-tests.ts';
import type { TrueContact } from '../simulators/whatsapp/ground-truth.ts';

const byId = <A extends { readonly externalId: string }>(rows: readonly A[]): readonly A[] =>
  rows.toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1));

/** The address that counts, as far as anybody can know it. */
const addressOf = ({ pn, lid, isMappingKnown }: TrueContact): string => (isMappingKnown ? pn : lid);

describe('people on WhatsApp', () => {
  prepareBaileys();
  let stage: WhatsAppStage;
  afterEach(() => stage?.close());

  const contacts = async (id: string) =>
    byId(await Array.fromAsync(stage.api.list<ContactShown>(`/instances/${id}/contacts`)));
  const groups = async (id: string) =>
    byId(await Array.fromAsync(stage.api.list<GroupShown>(`/instances/${id}/groups`)));
  const members = async (id: string, groupId: string) => {
    const rows = await Array.fromAsync(stage.api.list<MemberShown>(`/instances/${id}/groups/${groupId}/members`));
    return rows.map(({ externalId, role }) => `${externalId} ${role}`).sort();
  };

  const expectContacts = async (id: string): Promise<void> => {
    const held = new Map((await contacts(id)).map((contact) => [contact.externalId, contact]));
    for (const person of stage.whatsapp.contacts()) {
      const contact = held.get(addressOf(person));
      // One of whom the phone has neither name nor message nor group is nobody's contact.
      if (contact === undefined && person.savedAs === null) continue;
      expect(contact, person.name).toMatchObject({
        names: { saved: person.savedAs, pushed: person.pushName },
        name: person.savedAs ?? person.pushName ?? contact?.phone ?? null,
        phone: person.isMappingKnown ? `+${person.pn.split('@')[0]}` : null,
      });
    }
  };

  const expectGroups = async (id: string): Promise<void> => {
    const unknown = new Set(stage.whatsapp.contacts().flatMap((one) => (one.isMappingKnown ? [] : [one.lid])));
    const truth = byId(stage.whatsapp.groups().map((group) => ({ ...group, externalId: group.jid })));
    const held = (await groups(id)).filter(({ leftAt }) => leftAt === null);
    expect(
      held.map(({ externalId, kind, name, description, parentExternalId }) => ({
        externalId,
        kind,
        name,
        description,
        parentExternalId,
      })),
    ).toEqual(
      truth.map(({ externalId, isCommunity, subject, description, communityJid }) => ({
        externalId,
        kind: isCommunity ? 'community' : 'group',
        name: subject,
        description,
        parentExternalId: communityJid,
      })),
    );
    for (const [index, group] of truth.entries()) {
      const shown = await members(id, held[index]?.id ?? '');
      expect(shown).toEqual(
        group.members
          .map(({ jid, pn, role }) => `${unknown.has(jid) ? jid : pn} ${role === 'superadmin' ? 'owner' : role}`)
          .sort(),
      );
    }
  };

  it('are those of the phone: contacts by what it pushed, groups and members by one query', async () => {
    stage = await WhatsAppStage.open({ seed: 21 });
    const { id } = await stage.pair();
    await stage.worksOff(id);
    const groupsJob = await stage.api.sync(id, { type: 'groups' });
    expect(groupsJob).toMatchObject({ status: 'completed', progress: { listingRequests: 1, errorCount: 0 } });
    await expectGroups(id);
    const contactsJob = await stage.api.sync(id, { type: 'contacts' });
    expect(contactsJob).toMatchObject({ status: 'completed', progress: { stored: 0, errorCount: 0 } });
    await expectContacts(id);
    const again = await stage.api.sync(id, { type: 'groups' });
    expect(again.progress).toMatchObject({ stored: 0, updated: 0 });

    await stage.restart();
    await stage.reaches(id, 'online');
    await expectContacts(id);
    const found = await Array.fromAsync(stage.api.list<{ name: string }>('/persons', { search: 'Lovelace' }));
    expect(found.map(({ name }) => name)).toEqual(['Ada Lovelace']);
  });

  it('are those of the phone too when the address book comes as a file, as WhatsApp sends it to new devices', async () => {
    stage = await WhatsAppStage.open({ seed: 24, appState: 'snapshot' });
    const { id } = await stage.pair();
    await stage.worksOff(id);
    await stage.api.sync(id, { type: 'contacts' });
    await expectContacts(id);
    expect(stage.whatsapp.log.violations).toEqual([]);
  });

  it('change as on the phone: renamed, joined, left, and told live or by the next sync', async () => {
    stage = await WhatsAppStage.open({ seed: 22 });
    const { id } = await stage.pair();
    await stage.worksOff(id);
    const all = await stage.api.sync(id, { type: 'all', depth: '7d' });
    expect(all).toMatchObject({ status: 'completed' });
    await expectGroups(id);

    await stage.whatsapp.edit({ edit: 'renameGroup', chat: 'Sailing', subject: 'Sailing on' });
    await stage.whatsapp.edit({ edit: 'members', chat: 'Sailing', change: 'remove', person: 'Ben' });
    await stage.whatsapp.edit({ edit: 'members', chat: 'Garden', change: 'promote', person: 'Ada' });
    await stage.whatsapp.edit({ edit: 'saveContact', person: 'Ben', savedAs: 'Ben from the club' });
    await vi.waitFor(async () => {
      const conversations = stage.api.list<{ name: string | null }>(`/instances/${id}/conversations`);
      expect((await Array.fromAsync(conversations)).map(({ name }) => name)).toContain('Sailing on');
      expect((await groups(id)).map(({ name }) => name)).toContain('Sailing on');
      expect((await contacts(id)).map(({ name }) => name)).toContain('Ben from the club');
    }, PATIENCE);

    await stage.whatsapp.edit({ edit: 'saveContact', person: 'Ben', savedAs: null });
    await vi.waitFor(
      async () => expect((await contacts(id)).map(({ name }) => name)).not.toContain('Ben from the club'),
      PATIENCE,
    );

    await stage.whatsapp.edit({ edit: 'describeGroup', chat: 'Garden', description: 'Roses', silent: true });
    await stage.whatsapp.edit({ edit: 'members', chat: 'Old school', change: 'remove', silent: true });
    const next = await stage.api.sync(id, { type: 'groups' });
    expect(next.progress.updated).toBeGreaterThan(0);
    expect(next.progress.parts).toMatchObject([{ part: 'groups', status: 'completed', gone: 1 }]);
    await expectGroups(id);
    await expectContacts(id);
    expect((await groups(id)).find(({ name }) => name === 'Old school')?.leftAt).not.toBeNull();
  });

  it.each(['patches', 'snapshot'] as const)(
    'lose the name that the owner deleted while nobody listened, with the next sync: %s',
    async (appState) => {
      stage = await WhatsAppStage.open({ seed: 25, appState });
      const { id } = await stage.pair();
      await stage.worksOff(id);
      await stage.api.sync(id, { type: 'contacts' });
      const saved = stage.whatsapp
        .contacts()
        .filter(({ savedAs, isMappingKnown }) => savedAs !== null && isMappingKnown);
      expect(saved.length).toBeGreaterThan(1);
      const gone = saved[0]?.name ?? '';
      await stage.whatsapp.edit({ edit: 'saveContact', person: gone, savedAs: null, silent: true });
      expect(await stage.api.sync(id, { type: 'contacts' })).toMatchObject({ status: 'completed' });
      expect((await contacts(id)).find(({ phone }) => phone === `+${saved[0]?.pn.split('@')[0]}`)).toMatchObject({
        names: { saved: null },
      });
      await expectContacts(id);
    },
  );

  it('are one person for one phone, on two numbers and made beforehand', async () => {
    stage = await WhatsAppStage.open({
      seed: 23,
      world: (now) => {
        const people = [{ name: 'Ada', phoneNumber: '491571000001', savedAs: 'Ada Lovelace' }];
        const chats = [
          { kind: 'direct' as const, with: 'Ada', messages: 5, from: now - 90_000_000, to: now - 3_600_000 },
        ];
        return {
          accounts: ['491700000001', '491700000002'].map((phoneNumber) => ({
            name: 'Owner',
            phoneNumber,
            people,
            chats,
          })),
        };
      },
    });
    const made = await stage.api.data<{ id: string }>('POST', '/persons', {
      name: 'Countess',
      phone: '+49 157 1000001',
    });
    const [one, two] = [await stage.pair('491700000001'), await stage.pair('491700000002')];
    await stage.worksOff(one.id, '491700000001');
    await stage.worksOff(two.id, '491700000002');
    for (const { id } of [one, two]) {
      await stage.api.sync(id, { type: 'contacts' });
      const ada = (await contacts(id)).find(({ externalId }) => externalId === '491571000001@s.whatsapp.net');
      expect(ada?.personId).toBe(made.id);
    }
    const { identities } = await stage.api.data<{ identities: readonly unknown[] }>('GET', `/persons/${made.id}`);
    expect(identities).toHaveLength(2);
    const timeline = await Array.fromAsync(stage.api.list<{ instanceId: string }>(`/persons/${made.id}/timeline`));
    expect(new Set(timeline.map(({ instanceId }) => instanceId))).toEqual(new Set([one.id, two.id]));
  });
});
