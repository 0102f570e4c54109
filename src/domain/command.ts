import { Schema } from 'effect';
import { CommandId, InstanceId, JobId } from './ids.ts';
import { JobConfig } from './job.ts';

/** What can be asked of an instance. Imperative; carried by the mailbox in the order of `seq`. */
export const Command = Schema.Union([
  Schema.Struct({ type: Schema.tag('connect') }),
  /** Pairs with a code that is typed into the phone of this number (digits only). */
  Schema.Struct({ type: Schema.tag('pair'), phoneNumber: Schema.String }),
  Schema.Struct({ type: Schema.tag('disconnect') }),
  Schema.Struct({ type: Schema.tag('logout') }),
  Schema.Struct({ type: Schema.tag('startSync'), jobId: JobId, config: JobConfig }),
  Schema.Struct({ type: Schema.tag('cancelSync'), jobId: JobId }),
  Schema.Struct({ type: Schema.tag('pauseSync'), jobId: JobId }),
  Schema.Struct({ type: Schema.tag('resumeSync'), jobId: JobId }),
]);
export type Command = typeof Command.Type;

const KNOWN: Readonly<Record<Command['type'], true>> = {
  connect: true,
  pair: true,
  disconnect: true,
  logout: true,
  startSync: true,
  cancelSync: true,
  pauseSync: true,
  resumeSync: true,
};

/** False for a command that a newer build has accepted: what the table holds was not written by this one alone. */
export const isKnown = ({ type }: Command): boolean => Object.hasOwn(KNOWN, type);

/** A command in its place: the `seq`-th of its instance. */
export const Letter = Schema.Struct({
  commandId: CommandId,
  instanceId: InstanceId,
  seq: Schema.Number,
  command: Command,
});
export type Letter = typeof Letter.Type;

/** Commands that must get through a full mailbox, since they are what empties it. */
export const isControl = (command: Command): boolean =>
  command.type !== 'startSync' && command.type !== 'connect' && command.type !== 'pair';

/** Open commands an instance may have before new ones are refused with 429. */
export const MAILBOX_LIMIT = 200;
