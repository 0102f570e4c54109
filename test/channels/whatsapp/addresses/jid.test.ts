import { describe, expect, it } from 'vitest';
import { isOwnAddress } from '../../../../src/channels/whatsapp/addresses/jid.ts';

const me = { id: '4915112345678:3@s.whatsapp.net', lid: '98765432101234:3@lid' };

describe('the own address', () => {
  it('is that of every device of the account, by phone and by LID', () => {
    const own = ['4915112345678@s.whatsapp.net', '4915112345678:7@s.whatsapp.net', '98765432101234:1@lid'];
    expect(own.every((jid) => isOwnAddress(me, jid))).toBe(true);
    expect(isOwnAddress(me, '4915112345678:99@hosted')).toBe(true);
  });

  it('is not that of another, though the digits of its LID be our phone', () => {
    expect(isOwnAddress(me, '4915112345678@lid')).toBe(false);
    expect(isOwnAddress(me, '4915187654321@s.whatsapp.net')).toBe(false);
    expect(isOwnAddress(undefined, '4915112345678@s.whatsapp.net')).toBe(false);
  });
});
