import { describe, expect, it } from 'vitest';
import { PhoneWorld } from './phone-world.ts';

describe('an answer without messages that came too late', () => {
  it('says that nothing lies below what is held, so that the chat is not asked again', async () => {
    let ids = 0;
    const world = new PhoneWorld(() => `m${++ids}`);
    await world.post(false);
    await world.lateEnd();
    expect(world.spans).toMatchObject([{ oldest: { id: 'm1' }, reachesStart: true }]);
    await world.sync({ since: 0, until: world.now }, 50, () => 'whole');
    expect(world.asked).toBe(0);
  });

  it('says nothing where nothing is held', async () => {
    const world = new PhoneWorld(() => 'm');
    await world.lateEnd();
    expect(world.spans).toEqual([]);
  });
});
