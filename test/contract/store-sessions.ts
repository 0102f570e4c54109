import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VaultChange } from '../../src/channels/session-vault.ts';
import { Fenced } from '../../src/domain/errors.ts';
import { ExternalId, type InstanceId } from '../../src/domain/ids.ts';
import type { Message } from '../../src/domain/message.ts';
import { failureOf, type StoreDriver, StoreRig } from './store-driver.ts';

const AT = Date.parse('2026-06-01T12:00:00Z');

const message = (externalId: string, at: number, senderId: string | null = null): Message => ({
  externalId: ExternalId.make(externalId),
  senderId,
  isFromMe: false,
  type: 'text',
  text: externalId,
  payload: null,
  timestamp: at,
  editedAt: null,
});

/** What a session keeps: its secrets, and what was pushed to it. */
export const sessionStoreContract = (driver: StoreDriver): void => {
  describe(`sessions on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig.close();
      await driver.dispose();
    });

    const vaultOf = (id: InstanceId) => rig.db.vault(id, rig.fence(id));
    const write = (id: InstanceId, change: Partial<VaultChange>) =>
      Effect.runPromise(vaultOf(id).write({ secrets: [], pushed: [], ...change }));
    const read = (id: InstanceId, kind: string, names: readonly string[]) =>
      Effect.runPromise(vaultOf(id).read(kind, names));
    const begin = (id: InstanceId) => Effect.runPromise(rig.db.sync.beginPush(id, rig.fence(id)));

    it('gives back what was written last, and nothing of other kinds, names and instances', async () => {
      const [mine, other] = [await rig.instance(), await rig.instance()];
      await write(mine, {
        secrets: [
          { kind: 'session', name: 'a', value: 'first' },
          { kind: 'session', name: 'a', value: 'second' },
          { kind: 'pre-key', name: 'a', value: 'other kind' },
        ],
      });
      await write(other, { secrets: [{ kind: 'session', name: 'a', value: 'of another' }] });
      expect(await read(mine, 'session', ['a', 'b'])).toEqual(new Map([['a', 'second']]));
      expect(await Effect.runPromise(vaultOf(mine).readAll('pre-key'))).toEqual(new Map([['a', 'other kind']]));
      await write(mine, { secrets: [{ kind: 'session', name: 'a', value: null }] });
      expect(await read(mine, 'session', ['a'])).toEqual(new Map());
    });

    it('keeps nothing in clear', async () => {
      const id = await rig.instance();
      const secret = randomUUID();
      await write(id, {
        secrets: [{ kind: 'session', name: 'a', value: secret }],
        pushed: [{ name: 'p', body: secret }],
      });
      const rows = await rig.rows<{ all: string }>(
        'SELECT (SELECT json_agg(s)::text FROM session_secrets s) || (SELECT json_agg(p)::text FROM pushes p) AS all',
      );
      expect(rows[0]?.all).toContain('v1.');
      expect(rows[0]?.all).not.toContain(secret);
    });

    it('writes nothing for a node that no longer owns the instance', async () => {
      const id = await rig.instance();
      const { partition, epoch } = rig.fence(id);
      const stale = rig.db.vault(id, { partition, epoch: epoch - 1 });
      const change = { secrets: [{ kind: 'session', name: 'a', value: 'x' }], pushed: [{ name: 'p', body: 'x' }] };
      expect(await failureOf(stale.write(change))).toBeInstanceOf(Fenced);
      expect(await read(id, 'session', ['a'])).toEqual(new Map());
      expect(await begin(id)).toBeNull();
    });

    it('forgets the secrets when the session is over, and keeps what was pushed', async () => {
      const id = await rig.instance();
      await write(id, { secrets: [{ kind: 'creds', name: '', value: 'x' }], pushed: [{ name: 'p', body: 'history' }] });
      await rig.step(id, (tx) => tx.endSession(id));
      expect(await read(id, 'creds', [''])).toEqual(new Map());
      expect(await begin(id)).toMatchObject({ name: 'p', body: 'history' });
    });

    it('hands out pushes in the order in which they came, each once, until they are finished', async () => {
      const id = await rig.instance();
      await write(id, { pushed: ['b', 'a'].map((name) => ({ name, body: `body of ${name}` })) });
      await write(id, {
        pushed: [
          { name: 'b', body: 'delivered again' },
          { name: 'c', body: 'body of c' },
        ],
      });
      const seen: string[] = [];
      for (let push = await begin(id); push !== null; push = await begin(id)) {
        seen.push(`${push.name}: ${push.body}`);
        const { id: pushId } = push;
        await rig.step(id, (tx) => tx.finishPush(pushId));
      }
      expect(seen).toEqual(['b: body of b', 'a: body of a', 'c: body of c']);
    });

    it('sets a push aside after five tries, lets the others go on, and tries it again a day later', async () => {
      const id = await rig.instance();
      await write(id, {
        pushed: [
          { name: 'bad', body: '' },
          { name: 'good', body: '' },
        ],
      });
      const aside: boolean[] = [];
      for (let attempt = 0; attempt < 5; attempt++) {
        const push = await begin(id);
        expect(push?.name).toBe('bad');
        aside.push(await rig.step(id, (tx) => tx.failPush(push?.id ?? 0, 'unreadable', AT)));
      }
      expect(aside).toEqual([false, false, false, false, true]);
      const next = await begin(id);
      expect(next?.name).toBe('good');
      await rig.step(id, (tx) => tx.finishPush(next?.id ?? 0));
      // It was set aside at a time that is more than a day ago by the database's clock.
      await rig.rows("UPDATE pushes SET set_aside_at = now() - interval '25 hours' WHERE instance_id = $1", [id]);
      expect((await begin(id))?.name).toBe('bad');
    });

    it('does not count an attempt that says nothing about the push', async () => {
      const id = await rig.instance();
      await write(id, { pushed: [{ name: 'p', body: '' }] });
      for (let attempt = 0; attempt < 8; attempt++) {
        const push = await begin(id);
        expect(push?.name).toBe('p');
        await rig.step(id, (tx) => tx.postponePush(push?.id ?? 0, 'nobody there'));
      }
    });

    it('keeps nothing of an instance that is being removed', async () => {
      const id = await rig.instance();
      await rig.rows('UPDATE omni_instances SET removing_at = now() WHERE id = $1', [id]);
      const vault = vaultOf(id);
      const change = { secrets: [{ kind: 'creds', name: '', value: 'x' }], pushed: [{ name: 'p', body: 'x' }] };
      expect(await failureOf(vault.write(change))).toBeInstanceOf(Fenced);
      const snapshot = { machine: 'instance', version: 1, value: 'online', context: {} };
      await expect(rig.step(id, (tx) => tx.saveActor(id, 'instance', snapshot))).rejects.toThrow('no instance');
      const told = {
        name: 'instance.state',
        jobId: null,
        data: { state: 'online', account: null, error: null },
      } as const;
      await rig.step(id, (tx) => tx.publish(id, 'discord', [told], AT));
      const left = await rig.rows(
        `SELECT instance_id FROM session_secrets WHERE instance_id = $1
         UNION ALL SELECT instance_id FROM pushes WHERE instance_id = $1
         UNION ALL SELECT instance_id FROM actor_snapshots WHERE instance_id = $1
         UNION ALL SELECT instance_id FROM outbox WHERE instance_id = $1`,
        [id],
      );
      expect(left).toEqual([]);
      await Effect.runPromise(rig.db.removalsSettled);
    });

    it('removes secrets and pushes with their instance', async () => {
      const id = await rig.instance();
      await write(id, { secrets: [{ kind: 'creds', name: '', value: 'x' }], pushed: [{ name: 'p', body: 'x' }] });
      await Effect.runPromise(Effect.andThen(rig.db.registry.remove(id), rig.db.removalsSettled));
      const left = await rig.rows(
        `SELECT instance_id FROM session_secrets WHERE instance_id = $1
         UNION ALL SELECT instance_id FROM pushes WHERE instance_id = $1`,
        [id],
      );
      expect(left).toEqual([]);
    });

    it('finds held messages to go on from: the oldest at or above a place, or the newest', async () => {
      const id = await rig.instance();
      const conversationId = await rig.conversation(id);
      await rig.step(id, (tx) =>
        tx.upsertMessages(
          id,
          conversationId,
          'push',
          [0, 1, 2, 3].map((index) => message(`m${index}`, AT + index * 1_000, 'someone')),
          AT,
        ),
      );
      const from = (at: number | null) =>
        Effect.runPromise(rig.db.sync.heldFrom(conversationId, at === null ? null : { at, id: null }, 2));
      expect((await from(AT + 1_000)).map(({ externalId }) => externalId)).toEqual(['m1', 'm2']);
      const at = (id: string | null) =>
        Effect.runPromise(rig.db.sync.heldFrom(conversationId, { at: AT + 1_000, id }, 2));
      expect((await at('m1')).map(({ externalId }) => externalId)).toEqual(['m1', 'm2']);
      expect((await at('gone')).map(({ externalId }) => externalId)).toEqual(['m2', 'm3']);
      expect((await from(null)).map(({ externalId }) => externalId)).toEqual(['m3', 'm2']);
      expect(await from(AT + 9_000)).toEqual([]);
      await rig.step(id, (tx) =>
        tx.upsertMessages(
          id,
          conversationId,
          'push',
          [
            { ...message('stub', AT - 1_000), type: 'system' },
            { ...message('thumb', AT - 1_000), type: 'reaction' },
          ],
          AT,
        ),
      );
      expect((await from(AT - 9_000)).map(({ externalId }) => externalId)).toEqual(['m0', 'm1']);
      await rig.rows(`DELETE FROM omni_events WHERE conversation_id = $1 AND type = 'text' AND external_id <> 'm0'`, [
        conversationId,
      ]);
      await rig.rows(`UPDATE omni_events SET type = 'system' WHERE conversation_id = $1 AND type = 'text'`, [
        conversationId,
      ]);
      expect((await from(AT - 9_000)).map(({ externalId }) => externalId)).toEqual(['stub', 'm0']);
      expect((await from(AT))[0]).toEqual({ externalId: 'm0', senderId: 'someone', isFromMe: false, at: AT });
      // What could not be read is better than nothing, unless it turned out to be no message.
      await rig.rows(`UPDATE omni_events SET type = 'unknown' WHERE conversation_id = $1`, [conversationId]);
      expect((await from(AT))[0]).toMatchObject({ externalId: 'm0' });
      await rig.step(id, (tx) => tx.markDeleted(conversationId, ['m0'], AT));
      expect(await from(AT)).toEqual([]);
    });
  });
};
