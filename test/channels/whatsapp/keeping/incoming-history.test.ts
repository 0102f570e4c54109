import { proto } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { IncomingHistory } from '../../../../src/channels/whatsapp/keeping/incoming-history.ts';

const { INITIAL_BOOTSTRAP, RECENT, FULL, NO_HISTORY } = proto.Message.HistorySyncType;
const LOOK_AGAIN_MS = 3_000;

const paired = (wantsFull = false): IncomingHistory => {
  const incoming = new IncomingHistory(wantsFull);
  incoming.paired();
  incoming.opened(0);
  return incoming;
};

describe('history that a phone sends by itself', () => {
  it('is waited for half a minute after pairing, and looked for every three seconds', () => {
    const incoming = paired();
    incoming.nothingWaits();
    expect(incoming.arrivesUntil(1_000)).toBe(1_000 + LOOK_AGAIN_MS);
    expect(incoming.arrivesUntil(29_000)).toBe(30_000);
    expect(incoming.arrivesUntil(30_000)).toBeNull();
  });

  it('is over with the last piece of the depth that was asked for', () => {
    const incoming = paired(true);
    incoming.came({ syncType: INITIAL_BOOTSTRAP, progress: 100 }, 1_000);
    incoming.came({ syncType: RECENT, progress: 100 }, 2_000);
    expect(incoming.arrivesUntil(3_000)).toBe(6_000);
    incoming.came({ syncType: FULL, progress: 60 }, 4_000);
    expect(incoming.arrivesUntil(4_000)).toBe(7_000);
    incoming.came({ syncType: FULL, progress: 100 }, 5_000);
    expect(incoming.arrivesUntil(5_000)).toBeNull();

    const recent = paired();
    recent.came({ syncType: RECENT, progress: 100 }, 2_000);
    expect(recent.arrivesUntil(2_000)).toBeNull();
  });

  it('is over when a phone that never says so has sent nothing for ten seconds, or says that it has none', () => {
    const incoming = paired();
    incoming.came({ syncType: INITIAL_BOOTSTRAP }, 25_000);
    expect(incoming.arrivesUntil(34_000)).toBe(35_000);
    expect(incoming.arrivesUntil(35_000)).toBeNull();

    const empty = paired();
    empty.came({ syncType: NO_HISTORY }, 1_000);
    expect(empty.arrivesUntil(1_000)).toBeNull();
  });

  it('is not waited for by a number that was paired before, once the server has nothing left for it', () => {
    const incoming = new IncomingHistory(true);
    incoming.opened(0);
    expect(incoming.arrivesUntil(1_000)).not.toBeNull();
    incoming.nothingWaits();
    expect(incoming.arrivesUntil(1_000)).toBeNull();
  });
});
