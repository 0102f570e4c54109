import { expect, it } from 'vitest';
import { RecentChanges } from '../../src/sync/recent-changes.ts';
import { PhoneModel } from './phone-model.ts';

it('a page that an edit has overtaken brings the message with the edit, and with the time at which it was written', () => {
  const changes = new RecentChanges();
  const message = new PhoneModel(() => 'm1').post(10_000);
  changes.remember('m1', { ...message, timestamp: 50_000, senderId: null, text: 'edited', editedAt: 50_000 }, 50_000);
  expect(changes.applyTo([{ ...message, text: 'before' }])).toEqual([{ ...message, text: 'edited', editedAt: 50_000 }]);
  changes.remember('m1', null, 60_000);
  expect(changes.applyTo([message])).toEqual([]);
});
