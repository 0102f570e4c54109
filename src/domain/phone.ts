import { type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';

/*
 * Phone numbers as E.164 writes them: "+4915112345678". The one home of libphonenumber. A number counts when its length
 * is possible in its country: whether it was ever given out is for the network to say.
 */

/** WhatsApp still writes Mexican mobiles with the 1 that was dropped in 2019. */
const MEXICO = /^\+521(?=\d{10}$)/;
/** Brazilian mobiles of before 2016 lack the 9 that every mobile has since; WhatsApp kept many of those addresses. */
const BRAZIL = /^(\+55[1-9]\d)(?=[6-9]\d{7}$)/;

const presentForm = (e164: string): string => e164.replace(MEXICO, '+52').replace(BRAZIL, (start) => `${start}9`);

const read = (international: string): PhoneNumber | undefined => {
  const number = parsePhoneNumberFromString(international, { extract: false });
  // An extension is no part of E.164: behind it may be anybody.
  return number?.ext === undefined ? number : undefined;
};

const possible = (international: string): string | null => {
  const number = read(international);
  if (number === undefined) return null;
  const present = presentForm(number.number);
  return (present === number.number ? number : read(present))?.isPossible() === true ? present : null;
};

const DIGITS = /^[1-9]\d{4,14}$/;

/**
 * Of the digits of a WhatsApp address ("4915112345678" of "4915112345678@s.whatsapp.net"), country code first. The
 * network vouches that they are a number, also where the metadata knows nothing of its range. Null: they are none.
 */
export const phoneOfDigits = (digits: string): string | null =>
  DIGITS.test(digits) ? (possible(`+${digits}`) ?? presentForm(`+${digits}`)) : null;

/**
 * As on a keyboard. What is pasted from a chat or a web page comes with marks of direction and other invisible
 * characters, with hyphens that do not break, wide digits, or as a link.
 */
const typed = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/[\p{Pd}\u2212]/gu, '-')
    .trim()
    .replace(/^tel:\s*/i, '');

/**
 * Of what a person typed or pasted: international, in any notation, such as "+49 (0)151 1234-5678" or "0049…". Null:
 * it is none.
 */
export const parsePhone = (text: string): string | null => {
  const international = typed(text).replace(/^00(?=[1-9])/, '+');
  return international.startsWith('+') ? possible(international) : null;
};

const NOTATION = /^[\s+()/.\-\d]+$/;

/**
 * What to look for among E.164 numbers when somebody searches for this: a whole number where it is one, otherwise the
 * digits of a part of one, such as "0151 123". Null: nobody writes a phone number like that.
 */
export const phoneSearchOf = (pasted: string): string | null => {
  const text = typed(pasted);
  if (!NOTATION.test(text)) return null;
  const whole = parsePhone(text);
  if (whole !== null) return whole;
  const digits = text.replaceAll('(0)', '').replaceAll(/\D/g, '').replace(/^0+/, '');
  return digits.length >= 3 ? digits : null;
};
