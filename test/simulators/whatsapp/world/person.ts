import { mix } from '../../discord/chance.ts';

/** Somebody with a phone number and a LID, the two addresses of one person. */
export interface Person {
  readonly name: string;
  /** Digits. */
  readonly phoneNumber: string;
  /** `digits@s.whatsapp.net` */
  readonly pn: string;
  /** `digits@lid` */
  readonly lid: string;
  pushName: string | null;
  savedAs: string | null;
  /** Whether companions may be told that `pn` and `lid` are one person. */
  isMappingKnown: boolean;
}

/** The LID of a number, the same in every world: 15 digits that give nothing away. */
const lidOf = (phoneNumber: string): string => {
  const digits = [...phoneNumber].map(Number);
  return `${1 + (mix(1, ...digits) % 9)}${String(mix(2, ...digits))
    .padStart(10, '0')
    .slice(-7)}${String(mix(3, ...digits))
    .padStart(10, '0')
    .slice(-7)}`;
};

export const makePerson = (
  name: string,
  phoneNumber: string,
  {
    pushName = name,
    savedAs,
    mapping = 'known',
  }: { pushName?: string | null; savedAs?: string; mapping?: 'known' | 'late' },
): Person => ({
  name,
  phoneNumber,
  pn: `${phoneNumber}@s.whatsapp.net`,
  lid: `${lidOf(phoneNumber)}@lid`,
  pushName,
  savedAs: savedAs ?? null,
  isMappingKnown: mapping === 'known',
});
