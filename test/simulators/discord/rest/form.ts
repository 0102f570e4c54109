import { parseSnowflake } from '../snowflake.ts';
import { type Answer, json } from './answer.ts';

/** Thrown by readers of parameters; the server turns it into its answer. */
export class BadForm extends Error {
  readonly answer: Answer;

  /** https://discord.com/developers/docs/reference#error-messages, code 50035 */
  constructor(field: string, code: string, message: string) {
    super(message);
    this.answer = json(400, {
      message: 'Invalid Form Body',
      code: 50_035,
      errors: { [field]: { _errors: [{ code, message }] } },
    });
  }
}

export const snowflakeOf = (field: string, text: string): bigint => {
  const id = parseSnowflake(text);
  if (id === null) throw new BadForm(field, 'NUMBER_TYPE_COERCE', `Value "${text}" is not snowflake.`);
  return id;
};

export const optionalSnowflake = (query: URLSearchParams, field: string): bigint | null => {
  const text = query.get(field);
  return text === null ? null : snowflakeOf(field, text);
};

export const integerWithin = (
  query: URLSearchParams,
  field: string,
  min: number,
  max: number,
  absent: number,
): number => {
  const text = query.get(field);
  if (text === null) return absent;
  if (!/^-?\d{1,15}$/.test(text)) throw new BadForm(field, 'NUMBER_TYPE_COERCE', `Value "${text}" is not int.`);
  const value = Number(text);
  if (value < min) throw new BadForm(field, 'NUMBER_TYPE_MIN', `int value should be greater than or equal to ${min}.`);
  if (value > max) throw new BadForm(field, 'NUMBER_TYPE_MAX', `int value should be less than or equal to ${max}.`);
  return value;
};

/** An ISO 8601 instant in ms, microseconds cut off. */
export const optionalInstant = (query: URLSearchParams, field: string): number | null => {
  const text = query.get(field);
  if (text === null) return null;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new BadForm(field, 'DATE_TIME_TYPE_PARSE', `Could not parse ${text}. Should be ISO8601.`);
  return ms;
};
