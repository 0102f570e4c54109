import { Schema } from 'effect';

/**
 * Named instants of the protocol, in the order in which a command meets them. `before-ack` is after a letter has
 * arrived and before JetStream hears so: what the client has written in this turn has not left the process yet.
 */
export const POINTS = [
  'before-relay',
  'after-relay',
  'before-ack',
  'before-commit',
  'after-commit',
  'before-mark',
  'takeover',
  'release',
] as const;
export type Point = (typeof POINTS)[number];

/**
 * What strikes there: SIGKILL, SIGSTOP, or a failure of which nobody can know what it left behind (a letter is lost or
 * carried twice, a commit or claim succeeded without anybody hearing of it). `throw` is a defect in what is decided.
 */
export const BLOWS = ['kill', 'freeze', 'fail'] as const;
export type Blow = (typeof BLOWS)[number] | 'throw';

/** One planned blow. */
export const Strike = Schema.Struct({
  point: Schema.Literals(POINTS),
  blow: Schema.Literals([...BLOWS, 'throw']),
  /** At which visit of the point, counted from when it is planned; null: at each, until the plan is dropped. */
  nth: Schema.NullOr(Schema.Number),
  /** Only steps that run the command which starts a sync of this conversation; null: any visit. */
  channelId: Schema.NullOr(Schema.String),
});
export type Strike = typeof Strike.Type;

/** What the process is told while it runs: one more strike, or (null) that all of them are dropped. */
export const Order = Schema.Struct({ arm: Schema.NullOr(Strike) });
export type Order = typeof Order.Type;

/** What it is told at its start: strikes as JSON in this variable. */
export const STRIKES_VARIABLE = 'TEST_STRIKES';

export const strikeAt = (
  point: Point,
  blow: Blow,
  nth: number | null = 1,
  channelId: string | null = null,
): Strike => ({
  point,
  blow,
  nth,
  channelId,
});
