import { Schema } from 'effect';
import type { PageOf } from '../domain/page.ts';
import type { EventStream } from './streams/event-stream.ts';

/** What follows events into a stream until nothing more will come; null: there is nothing (more) to follow. */
export type Follower = ((stream: EventStream) => void) | null;

/** What goes over the wire. */
export type Sending =
  | { readonly kind: 'json'; readonly body: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'stream'; readonly follower: Follower };

/** The form of a route's answer: how a handler's value is sent, and how the documentation describes it. */
export interface Shape<A> {
  readonly status: 200 | 201 | 202;
  readonly description: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the whole body; a text where it is not JSON. */
  readonly schema: Schema.Constraint;
  /** Whether it is a stream that goes on after `Last-Event-ID`, and is 204 where nothing more will come. */
  readonly isResumable?: boolean;
  readonly send: (value: A) => Sending;
}

const JSON_TYPE = 'application/json; charset=utf-8';

const data =
  (status: 200 | 201 | 202, description: string) =>
  <S extends Schema.Constraint>(schema: S): Shape<S['Type']> => ({
    status,
    description,
    contentType: JSON_TYPE,
    headers: {},
    schema: Schema.Struct({ data: schema }),
    send: (value) => ({ kind: 'json', body: { data: value } }),
  });

/** `{ "data": … }` */
export const one = data(200, 'What was asked for.');
export const created = data(201, 'It was created.');
export const accepted = data(202, 'It is committed and will happen.');

const Meta = Schema.Struct({ hasMore: Schema.Boolean, cursor: Schema.NullOr(Schema.String) });

/** `{ "items": […], "meta": { "hasMore", "cursor" } }`: the cursor, given back, continues the list. */
export const many = <S extends Schema.Constraint>(schema: S): Shape<PageOf<S['Type']>> => ({
  status: 200,
  description: 'One page of the list.',
  contentType: JSON_TYPE,
  headers: {},
  schema: Schema.Struct({ items: Schema.Array(schema), meta: Meta }),
  send: ({ items, cursor }) => ({ kind: 'json', body: { items, meta: { hasMore: cursor !== null, cursor } } }),
});

/** JSON as it is, outside the envelope. */
export const document = (description: string): Shape<unknown> => ({
  status: 200,
  description,
  contentType: JSON_TYPE,
  headers: {},
  schema: Schema.Record(Schema.String, Schema.Unknown),
  send: (body) => ({ kind: 'json', body }),
});

export const text = (
  description: string,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): Shape<string> => ({
  status: 200,
  description,
  contentType,
  headers,
  schema: Schema.String,
  send: (value) => ({ kind: 'text', text: value }),
});

/** Server-sent events. 204 when nothing more will come, which ends the reconnecting of an EventSource. */
export const events = (description: string, isResumable = false): Shape<Follower> => ({
  status: 200,
  description,
  contentType: 'text/event-stream',
  headers: {},
  schema: Schema.String.annotate({ description: 'Lines `id`, `event` and `data`, an empty line after each event.' }),
  isResumable,
  send: (follower) => ({ kind: 'stream', follower }),
});
