import { Schema } from 'effect';
import { ChannelName } from './channel-name.ts';
import { InstanceId } from './ids.ts';

export const InstanceState = Schema.Literals([
  'stopped',
  'connecting',
  'pairing',
  'online',
  'backingOff',
  'loggedOut',
  'error',
]);
export type InstanceState = typeof InstanceState.Type;

/** The account behind a connection, as the platform names it. */
export const Account = Schema.Struct({ externalId: Schema.String, name: Schema.NullOr(Schema.String) });
export type Account = typeof Account.Type;

/** Why an instance does not work: a code to look up in docs/OPERATIONS.md, and words that say what to do. */
export const InstanceError = Schema.Struct({ code: Schema.String, message: Schema.String, at: Schema.Number });
export type InstanceError = typeof InstanceError.Type;

/** The code of an instance that is parked. */
export const SNAPSHOT_UNUSABLE = 'snapshot_unusable';

/** An instance as the API shows it. Never carries a token. Times in ISO 8601. */
export const InstanceView = Schema.Struct({
  id: InstanceId,
  name: Schema.String,
  channel: ChannelName,
  state: InstanceState,
  account: Schema.NullOr(Account),
  error: Schema.NullOr(Schema.Struct({ code: Schema.String, message: Schema.String, at: Schema.String })),
  createdAt: Schema.String,
});
export type InstanceView = typeof InstanceView.Type;

/** What belongs to an instance and goes with it, in numbers. */
export const InstanceContents = Schema.Struct({
  events: Schema.Number,
  conversations: Schema.Number,
  contacts: Schema.Number,
  groups: Schema.Number,
  pushes: Schema.Number.annotate({ description: 'What the platform pushed and is not stored yet.' }),
  jobs: Schema.Number,
});
export type InstanceContents = typeof InstanceContents.Type;

/**
 * What the platform pushed unasked and is not stored yet. What is set aside could not be read, and is tried once a day.
 */
export const PushesView = Schema.Struct({
  waiting: Schema.Number,
  setAside: Schema.Number,
  /** Why the last try failed; null: none has. */
  failure: Schema.NullOr(Schema.String),
});
export type PushesView = typeof PushesView.Type;
