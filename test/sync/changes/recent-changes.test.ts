import { expect, it } from 'vitest';
import { RecentChanges } from '../../../src/sync/changes/recent-changes.ts';
import { PhoneModel } from '../reading/phone-model.ts';

const message = new PhoneModel(() => 'm1').post(10_000);
const edit = (text: string, editedAt: number) => ({ ...message, timestamp: 50_000, senderId: null, text, editedAt });

it('a page that an edit has overtaken brings the message with the edit, and with the time at which it was written', () => {
  const changes = new RecentChanges();
  changes.remember('m1', edit('edited', 50_000), 50_000);
  const shown = [{ ...message, text: 'edited', editedAt: 50_000 }];
  expect(changes.applyTo([{ ...message, text: 'before' }], null)).toEqual(shown);
  changes.remember('m1', null, 60_000);
  expect(changes.applyTo([message], null)).toEqual([]);
});

it('a page that was asked for after an edit shows it, or a later one', () => {
  const changes = new RecentChanges();
  changes.remember('m1', edit('edited', 50_000), 50_500);
  const read = { ...message, text: 'edited again' };
  expect(changes.applyTo([read], 50_501)).toEqual([read]);
  expect(changes.applyTo([read], 50_500)).toMatchObject([{ text: 'edited' }]);
});

it('of two edits in one second the later wins, an older one that is told again changes nothing, a deletion is final', () => {
  const changes = new RecentChanges();
  const shown = () => changes.applyTo([{ ...message, editedAt: 50_000 }], null);
  changes.remember('m1', edit('first', 50_000), 50_100);
  changes.remember('m1', edit('second', 50_000), 50_200);
  changes.remember('m1', edit('older', 49_000), 50_300);
  expect(shown()).toMatchObject([{ text: 'second' }]);
  changes.remember('m1', null, 50_400);
  changes.remember('m1', edit('second', 50_000), 50_500);
  expect(shown()).toEqual([]);
});
