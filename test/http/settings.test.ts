import { describe, expect, it } from 'vitest';
import { addInstance, serve } from './serve.ts';

const KEY = 'sync.discord.messagesPerMinute';

describe('settings', () => {
  it('are listed with value, default and description', async () => {
    const { call } = await serve();
    const { json } = await call('GET', 'settings');
    expect(json.items).toContainEqual({
      key: KEY,
      value: 50,
      source: 'default',
      default: 50,
      description: expect.any(String),
      updatedAt: null,
    });
  });

  it('change one at a time, and whoever runs is told', async () => {
    const { call, world } = await serve();
    expect((await call('PUT', `settings/${KEY}`, { value: 10 })).json.data).toMatchObject({ key: KEY, value: 10 });
    expect((await call('GET', `settings/${KEY}`)).json.data).toMatchObject({ value: 10 });
    expect((await call('DELETE', `settings/${KEY}`)).json.data).toMatchObject({ value: 50 });
    expect(world.settingsSeen.map(({ key, value }) => [key, value])).toEqual([
      [KEY, 10],
      [KEY, undefined],
    ]);
  });

  it('change together, all or none', async () => {
    const { call, world } = await serve();
    const good = await call('PATCH', 'settings', { [KEY]: 20, 'retention.rawPayloadDays': null });
    expect(good.status).toBe(200);
    const bad = await call('PATCH', 'settings', { [KEY]: 30, 'search.index': 'yes' });
    expect(bad.status).toBe(400);
    expect(bad.json.error.message).toBe('search.index: must be boolean');
    expect(world.settingsSeen).toHaveLength(2);
    expect((await call('GET', `settings/${KEY}`)).json.data).toMatchObject({ value: 20 });
  });

  it('name the key, the rule, and the name that was probably meant', async () => {
    const { call } = await serve();
    const range = await call('PUT', `settings/${KEY}`, { value: 0 });
    expect(range.json.error.message).toBe(`${KEY}: must be a value between 1 and 1000000`);
    const typo = await call('GET', 'settings/sync.discord.messagePerMinute');
    expect(typo.status).toBe(404);
    expect(typo.json.error.message).toContain(`did you mean ${KEY}?`);
    const patch = await call('PATCH', 'settings', { 'sync.discord.messagePerMinute': 1 });
    expect(patch.json.error.message).toContain(`did you mean ${KEY}?`);
    expect((await call('PATCH', 'settings', {})).status).toBe(400);
    expect((await call('PUT', `settings/${KEY}`, {})).json.error.message).toBe('value: is required');
  });

  it('refuse a schedule that is none, with what is wrong and what would be right, and keep the old one', async () => {
    const { call } = await serve();
    const refused = async (key: string, value: unknown): Promise<string> => {
      const { status, json } = await call('PUT', `settings/${key}`, { value });
      expect(status).toBe(400);
      return json.error.message;
    };
    const cron = 'sync.contacts.scheduleCron';
    expect(await refused(cron, '0 3 * *')).toBe(
      `${cron}: must have five fields (minute, hour, day of month, month, day of week), such as "0 3 * * *"; this has 4`,
    );
    expect(await refused(cron, '0 25 * * *')).toBe(`${cron}: hour: "25" is not a value from 0 to 23`);
    expect(await refused(cron, '0 0 30 2 *')).toBe(`${cron}: never comes: no such month has a day 30`);
    expect(await refused('sync.scheduleTimeZone', 'Europe/Berlino')).toContain('must be the IANA name of a time zone');
    expect(await refused('sync.scheduleTimeZone', '+02:00')).toContain('must be the IANA name of a time zone');
    expect(await refused('sync.scheduleSpreadMinutes', 1441)).toContain('must be a value between 0 and 1440');
    expect(await refused('sync.onConnect', 'yes')).toBe('sync.onConnect: must be boolean');
    expect((await call('GET', `settings/${cron}`)).json.data).toMatchObject({ value: '0 3 * * *', source: 'default' });
  });

  it('remember what they were changed from and to', async () => {
    const { call } = await serve();
    await call('PUT', `settings/${KEY}`, { value: 10 });
    await call('PUT', `settings/${KEY}`, { value: 20 });
    await call('DELETE', `settings/${KEY}`);
    const { json } = await call('GET', `settings/${KEY}/history`);
    expect(json.items).toEqual([
      expect.objectContaining({ oldValue: 20, changedBy: 'api', instanceId: null }),
      expect.objectContaining({ oldValue: 10, newValue: 20 }),
      expect.objectContaining({ newValue: 10 }),
    ]);
    expect(json.items[0]).not.toHaveProperty('newValue');
    expect((await call('GET', 'settings/sync.nothing/history')).status).toBe(404);
  });
});

describe('settings of an instance', () => {
  it('win over those of the service until they are taken back, and say where they come from', async () => {
    const served = await serve();
    const { call, world } = served;
    const id = await addInstance(served);
    const shown = async () => (await call('GET', `instances/${id}/settings/${KEY}`)).json.data;
    expect(await shown()).toMatchObject({ value: 50, source: 'default' });
    await call('PUT', `settings/${KEY}`, { value: 40 });
    expect(await shown()).toMatchObject({ value: 40, source: 'global' });
    await call('PATCH', `instances/${id}/settings`, { [KEY]: 5, 'sync.onConnect': false });
    expect(await shown()).toMatchObject({ value: 5, source: 'instance' });
    expect(world.settingsSeen.at(-1)).toMatchObject({ owner: id, key: 'sync.onConnect', value: false });
    expect((await call('GET', `settings/${KEY}`)).json.data).toMatchObject({ value: 40 });
    expect((await call('DELETE', `instances/${id}/settings/${KEY}`)).json.data).toMatchObject({
      value: 40,
      source: 'global',
    });
    const history = await call('GET', `instances/${id}/settings/${KEY}/history`);
    expect(history.json.items).toMatchObject([{ oldValue: 5 }, { newValue: 5, instanceId: id }]);
  });

  it('are those that make sense for one account of its channel', async () => {
    const served = await serve();
    const { call } = served;
    const id = await addInstance(served);
    const keys = (await call('GET', `instances/${id}/settings`)).json.items.map(({ key }) => key);
    expect(keys).toEqual([
      'sync.discord.messagesPerMinute',
      'sync.discord.contactsPerMinute',
      'sync.discord.rateUnit',
      'sync.defaultDepth',
      'sync.onConnect',
      'sync.contacts.scheduleEnabled',
      'sync.groups.scheduleEnabled',
    ]);
    const ofService = 'is set for the whole service, not for one account; PUT /api/v2/settings/';
    const index = await call('PUT', `instances/${id}/settings/search.index`, { value: true });
    expect([index.status, index.json.error.message]).toEqual([
      404,
      `key: search.index ${ofService}search.index sets it`,
    ]);
    const cron = await call('PATCH', `instances/${id}/settings`, { 'sync.contacts.scheduleCron': '0 5 * * *' });
    expect([cron.status, cron.json.error.message]).toEqual([
      400,
      `sync.contacts.scheduleCron: ${ofService}sync.contacts.scheduleCron sets it`,
    ]);
    const whatsapp = await call('PATCH', `instances/${id}/settings`, { 'sync.whatsapp.messagesPerMinute': 5 });
    expect(whatsapp.status).toBe(400);
    expect(whatsapp.json.error.message).toContain('sync.whatsapp.messagesPerMinute: is not a known field');
    expect((await call('PATCH', `instances/${id}/settings`, { [KEY]: 0 })).status).toBe(400);
    expect((await call('PATCH', `instances/${id}/settings`, {})).status).toBe(400);
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect((await call('GET', `instances/${nobody}/settings/${KEY}`)).status).toBe(404);
  });
});
