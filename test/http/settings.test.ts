import { describe, expect, it } from 'vitest';
import { serve } from './serve.ts';

const KEY = 'sync.discord.messagesPerMinute';

describe('settings', () => {
  it('are listed with value, default and description', async () => {
    const { call } = await serve();
    const { json } = await call('GET', 'settings');
    expect(json.items).toContainEqual({
      key: KEY,
      value: 50,
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
    expect(world.settingsSeen.map((settings) => settings[KEY])).toEqual([10, 50]);
  });

  it('change together, all or none', async () => {
    const { call, world } = await serve();
    const good = await call('PATCH', 'settings', { [KEY]: 20, 'retention.rawPayloadDays': null });
    expect(good.status).toBe(200);
    const bad = await call('PATCH', 'settings', { [KEY]: 30, 'search.index': 'yes' });
    expect(bad.status).toBe(400);
    expect(bad.json.error.message).toBe('search.index: must be boolean');
    expect(world.settingsSeen).toHaveLength(1);
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
});
