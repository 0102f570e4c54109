import { describe, expect, it } from 'vitest';
import { parsePhone, phoneOfDigits, phoneSearchOf } from '../../src/domain/phone.ts';

describe('a phone number that somebody typed', () => {
  it.each([
    ['+4915112345678', '+4915112345678'],
    ['+49 (0)151 1234-5678', '+4915112345678'],
    ['0049 151 12345678', '+4915112345678'],
    [' +1 (202) 555-0123 ', '+12025550123'],
    ['+52 1 55 1234 5678', '+525512345678'],
    ['+55 31 8765-4321', '+5531987654321'],
    ['\u202a+49 151 12345678\u202c', '+4915112345678'],
    ['\u2066+49\u00a0151\u202f1234\u20115678\u2069', '+4915112345678'],
    ['+49 151 1234\u20135678\u200b', '+4915112345678'],
    ['tel:+49-151-12345678', '+4915112345678'],
    ['＋４９ １５１ １２３４５６７８', '+4915112345678'],
  ])('%j is %s', (text, expected) => {
    expect(parsePhone(text)).toBe(expected);
  });

  it.each([
    '',
    '0151 12345678',
    '+49',
    '+4915112345678 ext 5',
    'call +4915112345678',
    '+999123456789',
    '12345',
    '+',
    'tel:',
    'tel:0151',
  ])('%j is none', (text) => {
    expect(parsePhone(text)).toBeNull();
  });
});

describe('the digits of a WhatsApp address', () => {
  it.each([
    ['4915112345678', '+4915112345678'],
    ['5215512345678', '+525512345678'],
    ['553187654321', '+5531987654321'],
    // Fixed lines begin with lower digits, and got no 9.
    ['553132654321', '+553132654321'],
    // The network vouches for what the metadata does not know.
    ['999123456789', '+999123456789'],
  ])('%s are %s', (digits, expected) => {
    expect(phoneOfDigits(digits)).toBe(expected);
  });

  it.each(['', '0151', '1234', '1234567890123456', '49151x', '120363041234567890'])('%j are none', (digits) => {
    expect(phoneOfDigits(digits)).toBeNull();
  });
});

describe('a search for a phone', () => {
  it.each([
    ['+49 (0)151 1234-5678', '+4915112345678'],
    ['0151 / 123 45', '15112345'],
    ['(0)151.123', '151123'],
    ['5678', '5678'],
    ['\u202a0151\u2011123 45\u202c', '15112345'],
    ['TEL: 0151.123', '151123'],
  ])('%j looks for %s', (text, expected) => {
    expect(phoneSearchOf(text)).toBe(expected);
  });

  it.each(['John', '12', '+4', 'room 151', '', '()'])('%j is none', (text) => {
    expect(phoneSearchOf(text)).toBeNull();
  });
});
