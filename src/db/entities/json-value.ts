import { JsonType } from '@mikro-orm/core';
import { cleanJson } from '../values/clean-text.ts';

/** A `json` column in which null is a value like any other, and whose text PostgreSQL takes whatever it holds. */
export class JsonValue extends JsonType {
  override convertToDatabaseValue(value: unknown): string {
    return cleanJson(value);
  }
}
