import { Schema } from 'effect';

/** A variable whose text must pass `isRight`; `says` completes a sentence that begins with the variable's name. */
export const text = (isRight: (value: string) => boolean, says: string) =>
  Schema.optionalKey(Schema.String.check(Schema.makeFilter((value) => isRight(value) || says)));

export const matches =
  (pattern: RegExp) =>
  (value: string): boolean =>
    pattern.test(value);

export const isUrlOf =
  (...protocols: readonly string[]) =>
  (value: string): boolean => {
    const url = URL.parse(value);
    return url !== null && protocols.includes(url.protocol) && url.hostname !== '';
  };

export const isFrom =
  (least: number, most: number) =>
  (value: string): boolean =>
    /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most;
