import { describe, expect, it } from 'vitest';
import { InstanceId } from '../../src/domain/ids.ts';
import { NOW } from './in-memory-deps.ts';
import { addInstance, type Served, serve } from './serve.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';

const metOn = async (served: Served) => {
  const instanceId = InstanceId.make(await addInstance(served));
  return { instanceId, ...served.world.met.meet(instanceId, 'Alice', NOW) };
};

describe('persons', () => {
  it('are made, found, shown and changed', async () => {
    const { call, world } = await serve();
    const made = await call('POST', 'persons', { name: 'John', phone: '+49 (0)151 1234-5678' });
    expect(made.status).toBe(201);
    expect(made.json.data).toMatchObject({ name: 'John', phone: '+4915112345678', madeBy: 'api' });
    const id = String(made.json.data['id']);
    const found = await call('GET', 'persons?search=John');
    expect(found.json.items).toMatchObject([{ id, name: 'John' }]);
    expect(world.met.asked).toEqual([{ search: 'John' }]);
    expect((await call('GET', `persons/${id}`)).json.data).toEqual({ ...made.json.data, timeline: [] });
    const renamed = await call('PATCH', `persons/${id}`, { name: 'Jon', phone: null });
    expect(renamed.json.data).toMatchObject({ name: 'Jon', phone: null });
    expect((await call('GET', `persons/${id}/timeline`)).json.items).toEqual([]);
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ name: ' x' }, 'name'],
    [{ name: 'a\u0007b' }, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ name: 7 }, 'name'],
    [{}, 'name'],
    [{ name: 'x', phone: '0151 12345678' }, 'phone'],
    [{ name: 'x', phone: '+49' }, 'phone'],
    [{ name: 'x', phone: 'call +4915112345678' }, 'phone'],
    [{ name: 'x', phone: '+4915112345678 ext 5' }, 'phone'],
    [{ name: 'x', fone: '+4915112345678' }, 'fone'],
  ])('are not made of %j', async (body, field) => {
    const { call } = await serve();
    const { status, json } = await call('POST', 'persons', body);
    expect(status).toBe(400);
    expect(json.error.details['field']).toBe(field);
  });

  it('are refused a phone that somebody has', async () => {
    const { call } = await serve();
    await call('POST', 'persons', { name: 'One', phone: '+4915112345678' });
    const { status, json } = await call('POST', 'persons', { name: 'Other', phone: '0049 151 12345678' });
    expect(status).toBe(409);
    expect(json.error.code).toBe('phone_taken');
  });

  it('are merged and linked, with the reason', async () => {
    const served = await serve();
    const { call, world } = served;
    const { identity } = await metOn(served);
    const into = String((await call('POST', 'persons', { name: 'Into' })).json.data['id']);
    const merge = { into, from: [identity.personId], why: 'same voice' };
    expect((await call('POST', 'persons/merge', merge)).json.data).toMatchObject({ id: into });
    const link = { identityId: identity.id, personId: into };
    expect((await call('POST', 'persons/link', link)).json.data).toMatchObject({ id: into });
    const unlinked = await call('POST', 'persons/unlink', { identityId: identity.id, why: 'it was not' });
    expect(unlinked.json.data).toMatchObject({ id: identity.personId });
    expect(world.met.why).toEqual(['same voice', 'asked for through the API', 'it was not']);
    const { json } = await call('GET', `persons/${identity.personId}/links`);
    expect(json.items).toMatchObject([{ identityId: identity.id, by: 'new' }]);
  });

  it.each([
    ['POST', 'persons/merge', { into: NOBODY, from: [NOBODY] }, 409, 'same_person'],
    ['POST', 'persons/merge', { into: NOBODY, from: [] }, 400, 'invalid_request'],
    ['POST', 'persons/merge', { into: NOBODY, from: NOBODY }, 400, 'invalid_request'],
    ['POST', 'persons/merge', { into: 'x', from: [NOBODY] }, 400, 'invalid_request'],
    ['POST', 'persons/link', { identityId: NOBODY, personId: NOBODY }, 404, 'identity_not_found'],
    ['POST', 'persons/unlink', { identityId: NOBODY }, 404, 'identity_not_found'],
    ['POST', 'persons/unlink', { identityId: NOBODY, why: '' }, 400, 'invalid_request'],
    ['PATCH', `persons/${NOBODY}`, { name: 'x' }, 404, 'person_not_found'],
    ['PATCH', `persons/${NOBODY}`, {}, 400, 'invalid_request'],
    ['GET', `persons/${NOBODY}`, undefined, 404, 'person_not_found'],
    ['GET', `persons/${NOBODY}/timeline`, undefined, 404, 'person_not_found'],
    ['GET', `persons/${NOBODY}/links`, undefined, 404, 'person_not_found'],
    ['GET', 'persons/x', undefined, 400, 'invalid_request'],
    ['GET', 'persons?search=%00', undefined, 400, 'invalid_query'],
    ['GET', 'persons?serch=x', undefined, 400, 'invalid_request'],
  ])('%s %s %j is refused with %i %s', async (method, path, body, expected, code) => {
    const { call } = await serve();
    const { status, json } = await call(method, path, body);
    expect({ status, code: json.error.code }).toEqual({ status: expected, code });
  });

  it('wait for a database that is away', async () => {
    const { call, world } = await serve();
    world.state.storeAway = true;
    expect((await call('GET', 'persons')).status).toBe(503);
  });
});

describe('contacts and groups', () => {
  it('are listed with their persons', async () => {
    const served = await serve();
    const { instanceId, identity, group } = await metOn(served);
    const contacts = await served.call('GET', `instances/${instanceId}/contacts?search=Ali&includeLeft=true`);
    expect(contacts.json.items).toMatchObject([{ id: identity.id, personId: identity.personId, name: 'Alice' }]);
    const groups = await served.call('GET', `instances/${instanceId}/groups?kind=guild&includeLeft=false`);
    expect(groups.json.items).toMatchObject([{ id: group.id, kind: 'guild' }]);
    const members = await served.call('GET', `instances/${instanceId}/groups/${group.id}/members`);
    expect(members.json.items).toMatchObject([{ groupId: group.id, personId: identity.personId }]);
    const asked = [{ search: 'Ali', includeLeft: true }, { kind: 'guild', includeLeft: false }, {}];
    expect(served.world.met.asked).toEqual(asked);
  });

  it.each([
    ['contacts?includeLeft=yes', 400, 'includeLeft'],
    ['groups?kind=team', 400, 'kind'],
    ['groups/7/members', 400, 'groupId'],
  ])('refuse %s with %i and name %s', async (path, expected, field) => {
    const served = await serve();
    const id = await addInstance(served);
    const { status, json } = await served.call('GET', `instances/${id}/${path}`);
    expect(status).toBe(expected);
    expect(json.error.details['field']).toBe(field);
  });

  it('refuse what is not there', async () => {
    const served = await serve();
    const id = await addInstance(served);
    const codeOf = async (path: string) => (await served.call('GET', `instances/${path}`)).json.error.code;
    expect(await codeOf(`${NOBODY}/contacts`)).toBe('instance_not_found');
    expect(await codeOf(`${NOBODY}/groups`)).toBe('instance_not_found');
    expect(await codeOf(`${id}/groups/${NOBODY}/members`)).toBe('group_not_found');
  });
});
