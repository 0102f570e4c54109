import type { Effect } from 'effect';
import { initialTransition } from 'xstate';
import type { Moment } from '../../../machines/moment.ts';
import { newSyncJob, syncJobMachine } from '../../../machines/sync-job.ts';
import type { ConnectionLost } from '../../channels/channel.ts';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { Command, Letter } from '../../domain/command.ts';
import type { Contention, Fenced, StoreUnavailable } from '../../domain/errors.ts';
import type { WorldEvent } from '../../domain/event.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Fence } from '../fence.ts';
import { type InstanceActors, withJob } from '../instance-actors.ts';
import type { Report } from '../report.ts';
import type { RuntimeStore } from '../store/runtime-store.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { Absorbed, InstanceWork, Mail } from '../work.ts';
import { saveActors, stateOf } from './actor-rows.ts';
import { type Delivered, deliver } from './deliver.ts';

/** What can make an instance take a step. */
export type StepInput =
  | { readonly kind: 'command'; readonly letter: Letter }
  /** A command that failed for good: what depends on it fails in the same step. */
  | { readonly kind: 'deadLetter'; readonly letter: Letter; readonly reason: string; readonly attempts: number }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'mail'; readonly mail: readonly Mail[] };

export interface StepSetting<Tx extends StepTransaction> {
  readonly instanceId: InstanceId;
  readonly channel: ChannelName;
  readonly store: RuntimeStore<Tx>;
  readonly work: InstanceWork<Tx>;
  readonly fence: Fence;
  readonly chance: Chance;
}

export interface Stepped extends Delivered {
  /** A command that the instance asks of itself: committed, and still to be run. */
  readonly own: Letter | null;
  /** Messages that it stored for the first time, malformed ones not counted. */
  readonly stored: number;
}

/** Where randomness and fresh ids come from. */
export interface Chance {
  /** in [0, 1) */
  readonly random: () => number;
  readonly uuid: () => string;
}

/**
 * One step: decide, and commit, in one transaction behind the fence. `actors` is what is committed so far. A defect
 * means that this input cannot be decided; nothing of it was written then.
 */
export const takeStep = <Tx extends StepTransaction>(
  setting: StepSetting<Tx>,
  actors: InstanceActors,
  input: StepInput,
  at: number,
): Effect.Effect<Stepped, Fenced | Contention | StoreUnavailable> =>
  setting.store.step(setting.fence, async (tx) => {
    const { instanceId, channel, work, chance } = setting;
    const moment = (): Moment => ({ at, random: chance.random(), fresh: chance.uuid() });
    const begun = begin(actors, input);
    const { mail, stored } = await absorb(tx, setting, begun, input, at);
    const delivered = await deliver(begun, mail, moment, {
      answer: (now, asker, ask) => work.answer(tx, now, asker, ask, at),
      note: (note) => work.note(tx, note, at),
    });
    await saveActors(tx, instanceId, actors, delivered.actors);
    if (hasEnded(actors, delivered.actors)) await tx.endSession(instanceId);
    await close(tx, instanceId, input, at);
    const published = [...delivered.published, ...stateChange(actors, delivered.actors)];
    if (published.length > 0) await tx.publish(instanceId, channel, published, at);
    const wish = await work.afterwards(tx, actors, delivered.actors, moment());
    const own = wish === null ? null : await tx.acceptOwn(instanceId, wish, at);
    return { ...delivered, published, own, stored };
  });

/** A job comes into being with the command that starts it. */
const begin = (actors: InstanceActors, input: StepInput): InstanceActors => {
  if (input.kind !== 'command' && input.kind !== 'deadLetter') return actors;
  const { command } = input.letter;
  if (command.type !== 'startSync' || actors.jobs.has(command.jobId)) return actors;
  const [job] = initialTransition(syncJobMachine, newSyncJob(command.jobId, command.config));
  return withJob(actors, command.jobId, job);
};

const absorb = async <Tx extends StepTransaction>(
  tx: Tx,
  setting: StepSetting<Tx>,
  actors: InstanceActors,
  input: StepInput,
  at: number,
): Promise<Absorbed> => {
  switch (input.kind) {
    case 'mail':
      return only(input.mail);
    case 'command':
      return only(mailOfCommand(input.letter.command, actors));
    case 'deadLetter':
      return only(mailOfDeadLetter(input.letter.command, input.reason));
    case 'report':
      return absorbReport(tx, setting, actors, input.report, at);
  }
};

const only = (mail: readonly Mail[]): Absorbed => ({ mail, stored: 0 });

const mailOfCommand = (command: Command, actors: InstanceActors): readonly Mail[] => {
  switch (command.type) {
    case 'connect':
    case 'disconnect':
    case 'logout':
      return [{ to: 'instance', event: { type: command.type } }];
    case 'pair':
      return [{ to: 'instance', event: { type: 'pair', phoneNumber: command.phoneNumber } }];
    case 'startSync':
      return [{ to: command.jobId, event: { type: 'start', online: actors.supervisor.value === 'online' } }];
    case 'cancelSync':
      return [{ to: command.jobId, event: { type: 'cancel' } }];
    case 'pauseSync':
      return [{ to: command.jobId, event: { type: 'pause' } }];
    case 'resumeSync':
      return [{ to: command.jobId, event: { type: 'resume' } }];
  }
};

const mailOfDeadLetter = (command: Command, reason: string): readonly Mail[] =>
  'jobId' in command ? [{ to: command.jobId, event: { type: 'giveUp', message: reason } }] : [];

const absorbReport = async <Tx extends StepTransaction>(
  tx: Tx,
  { instanceId, channel, work }: StepSetting<Tx>,
  actors: InstanceActors,
  report: Report,
  at: number,
): Promise<Absorbed> => {
  if (report.type !== 'connection') return work.absorb(tx, actors, report, at);
  const { run, report: told } = report;
  if (run !== actors.supervisor.context.run) return only([]);
  switch (told.type) {
    case 'connectionOpened': {
      const holder = await tx.accountHolder(channel, told.account.externalId, instanceId);
      const event = holder === null ? told : accountTaken(told.account.name ?? told.account.externalId, holder);
      return only([{ to: 'instance', event: { ...event, run } }]);
    }
    case 'connectionInterrupted':
      return only([{ to: 'instance', event: { ...told, run } }]);
    case 'pairingOffered':
      // What is offered opens the account: no actor is told, so that no snapshot can hold it.
      return only([{ to: 'instance', event: { type: 'pairingRequired', run } }]);
    case 'connectionLost':
      return only([...stopSaidAtLogin(told, at), { to: 'instance', event: { ...told, run } }]);
    default:
      return work.absorb(tx, actors, report, at);
  }
};

/** To log in is a request like any other: where it is one too many, nothing leaves before the platform allows it. */
const stopSaidAtLogin = ({ saidStop }: ConnectionLost, at: number): readonly Mail[] =>
  saidStop === undefined
    ? []
    : [{ to: 'rate-limit', event: { type: 'platformSaidStop', retryAfterMs: saidStop.retryAfterMs, usedAt: at } }];

const accountTaken = (account: string, holder: InstanceId) => ({
  type: 'connectionLost' as const,
  fate: 'refused' as const,
  code: 'account_taken',
  message: `The account ${account} is held by instance ${holder}. Disconnect and delete one of the two.`,
});

const close = async (tx: StepTransaction, instanceId: InstanceId, input: StepInput, at: number): Promise<void> => {
  if (input.kind === 'command' || input.kind === 'deadLetter') await tx.finishCommand(instanceId, input.letter);
  if (input.kind === 'deadLetter') {
    await tx.addDeadLetter({ letter: input.letter, reason: input.reason, attempts: input.attempts, at });
  }
};

/** Whether the account is logged out from now on: nothing of its session may be used again. */
const hasEnded = (before: InstanceActors, after: InstanceActors): boolean =>
  stateOf(after.supervisor) === 'loggedOut' && stateOf(before.supervisor) !== 'loggedOut';

const stateChange = (before: InstanceActors, after: InstanceActors): readonly WorldEvent[] => {
  const state = stateOf(after.supervisor);
  if (state === stateOf(before.supervisor)) return [];
  const { account, error } = after.supervisor.context;
  return [{ name: 'instance.state', jobId: null, data: { state, account, error } }];
};

/**
 * Puts a command away without asking any actor, after even its dead letter could not be decided. What it asked for is
 * over; the actors have to be restored afterwards.
 */
export const buryCommand = <Tx extends StepTransaction>(
  { store, fence, instanceId }: StepSetting<Tx>,
  letter: Letter,
  reason: string,
  attempts: number,
  at: number,
): Effect.Effect<void, Fenced | Contention | StoreUnavailable> =>
  store.step(fence, async (tx) => {
    await close(tx, instanceId, { kind: 'deadLetter', letter, reason, attempts }, at);
    if ('jobId' in letter.command) await tx.failJob(letter.command.jobId, reason, at);
  });
