import type { Effect, Queue } from 'effect';
import type { Ask, Note, Tell } from '../../machines/effects.ts';
import type { Moment } from '../../machines/moment.ts';
import type { Walk } from '../../machines/sync-job-context.ts';
import type { ChannelTraits, Connection, PushReader } from '../channels/channel.ts';
import type { ChannelName } from '../domain/channel-name.ts';
import type { Command } from '../domain/command.ts';
import type { InstanceId, JobId } from '../domain/ids.ts';
import type { JobType } from '../domain/job.ts';
import type { Fence } from './fence.ts';
import type { InstanceActors } from './instance-actors.ts';
import type { AliasReport, PushReport, Report, WalkReport } from './report.ts';
import type { RequestGate } from './request-gate.ts';
import type { StepTransaction } from './store/step-transaction.ts';

/** To one actor of the instance, or to all its jobs. */
export type Mail = Tell;

/** What became of a report. */
export interface Absorbed {
  /** What the actors must know of it. */
  readonly mail: readonly Mail[];
  /** Messages that it stored for the first time, malformed ones not counted. */
  readonly stored: number;
}

/**
 * What the runtime runs without understanding it: the sync's share in a step, and the walks. One per instance,
 * made anew with each restore, so what it remembers is no older than the snapshots.
 */
export interface InstanceWork<Tx extends StepTransaction> {
  /** Stores what a report brought. May await nothing but `tx`. */
  readonly absorb: (tx: Tx, actors: InstanceActors, report: Report, at: number) => Promise<Absorbed>;
  /** Answers a job's question with an event for it. May await nothing but `tx`. */
  readonly answer: (tx: Tx, actors: InstanceActors, asker: JobId, ask: Ask, at: number) => Promise<Mail['event']>;
  /**
   * What the instance has to ask of itself after a step, by what the step has changed: a command that commits with it.
   * May await nothing but `tx`.
   */
  readonly afterwards: (
    tx: Tx,
    before: InstanceActors,
    after: InstanceActors,
    moment: Moment,
  ) => Promise<Command | null>;
  readonly note: (tx: Tx, note: Note, at: number) => Promise<void>;
  /** The walk activity: one request per permit, each reported, until the stretch ends. Never fails, never writes. */
  readonly walk: (assignment: WalkAssignment) => Effect.Effect<void>;
  /**
   * The activity that works off what was kept, pushed or learned, one after another, for as long as a connection is
   * open.
   */
  readonly workOff: (assignment: PushAssignment) => Effect.Effect<void>;
}

export interface PushAssignment {
  readonly reader: PushReader;
  /** Something new was kept. */
  readonly arrivals: Queue.Dequeue<void>;
  /** Queues, never blocks. */
  readonly report: (report: PushReport | AliasReport) => void;
}

export interface WalkAssignment {
  readonly jobId: JobId;
  readonly walk: Walk;
  /** The one channel that the job is narrowed to, by the platform's id. */
  readonly only: string | null;
  readonly type: JobType;
  readonly connection: Connection;
  /** How often in a row the next request of this walk has failed. */
  readonly failures: number;
  /** Page sizes, one for each request that may be made, in order. */
  readonly permits: Queue.Dequeue<number>;
  readonly gate: RequestGate;
  readonly continuity: () => string | null;
  /** Must not be called after the walk was interrupted; queues, never blocks. */
  readonly report: (report: WalkReport) => void;
}

export type WorkFactory<Tx extends StepTransaction> = (instance: {
  readonly id: InstanceId;
  readonly channel: ChannelName;
  readonly traits: ChannelTraits;
  readonly fence: Fence;
}) => InstanceWork<Tx>;
