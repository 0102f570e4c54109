import { describe, expect, it } from 'vitest';
import type { Anchor } from '../../../src/domain/anchor.ts';
import type { ConversationId } from '../../../src/domain/ids.ts';
import type { Span } from '../../../src/domain/span.ts';
import { nextStretch } from '../../../src/sync/reading/stretch.ts';
import type { StoredConversation } from '../../../src/sync/store.ts';

const DAY_MS = 86_400_000;
const NOW = 1_000 * DAY_MS;
const WANTED = { since: NOW - 7 * DAY_MS, until: null, refresh: false };

const conversation = (newest: Anchor | null | undefined): StoredConversation => ({
  id: 'c' as ConversationId,
  ordinal: 1,
  externalId: 'c',
  parentExternalId: null,
  name: null,
  createdAt: null,
  unreadable: null,
  newest,
});

const message = (at: number): Anchor => ({ at, id: `m${at}` });
const span = (newest: Anchor, oldest: Anchor): Span => ({ newest, oldest, reachesStart: true, continuity: null });

describe('a conversation that the platform calls empty', () => {
  const empty = conversation(null);

  it('is asked for once', () => {
    expect(nextStretch(empty, [], WANTED, null)).toEqual({ before: null, floor: { at: WANTED.since, id: null } });
  });

  it('is not asked for again once nothing was found, whatever is asked for later', () => {
    const instant = { at: WANTED.since, id: null };
    const found = [span(instant, instant)];
    expect(nextStretch(empty, found, WANTED, null)).toBeNull();
    expect(nextStretch(empty, found, { ...WANTED, since: 0 }, null)).toBeNull();
    expect(nextStretch(empty, found, { ...WANTED, since: NOW }, null)).toBeNull();
  });

  it('is not believed to be when a message of it is held', () => {
    const held = [span(message(NOW - DAY_MS), message(NOW - 2 * DAY_MS))];
    expect(nextStretch(empty, held, WANTED, null)).toMatchObject({ before: null, floor: message(NOW - DAY_MS) });
  });

  it('is read again by a refresh', () => {
    expect(nextStretch(empty, [], { ...WANTED, refresh: true }, null)).not.toBeNull();
  });
});

describe('a conversation of which the platform does not name the newest message', () => {
  const held = [{ ...span(message(NOW - DAY_MS), message(NOW - 2 * DAY_MS)), continuity: 'one' }];

  it('needs nothing while the connection lasts that brought its last message', () => {
    expect(nextStretch(conversation(undefined), held, WANTED, 'one')).toBeNull();
  });

  it('is asked for what was written since, when that connection broke', () => {
    expect(nextStretch(conversation(undefined), held, WANTED, 'other')).toMatchObject({ before: null });
  });
});
