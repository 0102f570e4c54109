import { Schema } from 'effect';
import { assertEvent, type SnapshotFrom, setup } from 'xstate';
import { Account, InstanceError } from '../src/domain/instance.ts';
import type { ActorDefinition } from './actor-definition.ts';
import { EFFECTS } from './effects.ts';
import type { Moment } from './moment.ts';
import { decideRestart, NO_RESTARTS, RestartLog } from './restart-policy.ts';

/*
 * The supervisor of one instance: owns the connection, and tells the jobs whether there is one.
 *
 * `stopped`     nobody wants a connection.
 * `connecting`  a connection is being opened, or the open one is finding its way back by itself.
 * `pairing`     the platform waits for a person: a QR code or a pairing code.
 * `online`      the platform knows us; jobs may ask for pages.
 * `backingOff`  the connection failed and may be tried again at `retryAt`.
 * `loggedOut`   the account has ended the session: final until someone connects or pairs again.
 * `error`       it cannot work: refused credentials (no `retryAt`), or too many failures (probed every 15 minutes).
 *
 * Invariants: `run` names the one connection that may exist, and is null exactly in the states without one;
 * a report of another run is ignored. `continuity` is set exactly in `online`. `wanted` says what the operator
 * last asked for, and survives every failure.
 *
 * What fails: the connection. A transient loss restarts it under the restart policy; a refusal never does,
 * since trying a refused token again and again gets an account locked.
 */

export const PROBE_MS = 15 * 60_000;

export const InstanceContext = Schema.Struct({
  wanted: Schema.Boolean,
  run: Schema.NullOr(Schema.String),
  continuity: Schema.NullOr(Schema.String),
  account: Schema.NullOr(Account),
  error: Schema.NullOr(InstanceError),
  retryAt: Schema.NullOr(Schema.Number),
  onlineSince: Schema.NullOr(Schema.Number),
  restarts: RestartLog,
  /** The phone number (digits only) of who wants to pair by code; null: by QR. */
  pairWith: Schema.NullOr(Schema.String),
});
export type InstanceContext = typeof InstanceContext.Type;

type ConnectionEvent =
  | { type: 'connectionOpened'; run: string; account: Account; continuity: string }
  | { type: 'connectionInterrupted'; run: string; message: string }
  | { type: 'pairingRequired'; run: string }
  | { type: 'connectionLost'; run: string; fate: 'transient' | 'refused' | 'loggedOut'; code: string; message: string };

export type InstanceEvent = Moment &
  (
    | { type: 'connect' }
    | { type: 'pair'; phoneNumber: string }
    | { type: 'disconnect' }
    | { type: 'logout' }
    | { type: 'timerDue' }
    | { type: 'restored' }
    | ConnectionEvent
  );

const builder = setup({
  types: { context: {} as InstanceContext, events: {} as InstanceEvent },
  actions: EFFECTS,
  guards: {
    isCurrent: ({ context, event }) => 'run' in event && event.run === context.run,
    isDue: ({ context, event }) => context.retryAt !== null && event.at >= context.retryAt,
    mayRestart: ({ context, event }) =>
      event.type === 'connectionLost' &&
      event.run === context.run &&
      event.fate === 'transient' &&
      decideRestart(context.restarts, { ...event, stableSince: context.onlineSince }).restart,
    isLoggedOut: ({ context, event }) =>
      event.type === 'connectionLost' && event.run === context.run && event.fate === 'loggedOut',
  },
});

const NOT_CONNECTED = { run: null, continuity: null, onlineSince: null, retryAt: null } as const;

const open = builder.assign(({ event }) => ({ ...NOT_CONNECTED, run: event.fresh }));
const openAsWanted = builder.assign(({ event }) => ({
  ...NOT_CONNECTED,
  wanted: true,
  run: event.fresh,
  restarts: NO_RESTARTS,
  error: null,
  pairWith: event.type === 'pair' ? event.phoneNumber : null,
}));
const close = builder.assign({ ...NOT_CONNECTED, wanted: false, error: null });
const comeOnline = builder.assign(({ context, event }) => {
  assertEvent(event, 'connectionOpened');
  return {
    account: event.account,
    continuity: event.continuity,
    error: null,
    onlineSince: context.onlineSince ?? event.at,
    pairWith: null,
  };
});
const loseContinuity = builder.assign({ continuity: null });
const backOff = builder.assign(({ context, event }) => {
  assertEvent(event, 'connectionLost');
  const decision = decideRestart(context.restarts, { ...event, stableSince: context.onlineSince });
  return {
    ...NOT_CONNECTED,
    retryAt: decision.restart ? decision.at : event.at + PROBE_MS,
    restarts: decision.log,
    error: { code: event.code, message: event.message, at: event.at },
  };
});
const park = builder.assign(({ event }) => {
  assertEvent(event, 'connectionLost');
  return {
    ...NOT_CONNECTED,
    retryAt: event.fate === 'transient' ? event.at + PROBE_MS : null,
    error: { code: event.code, message: event.message, at: event.at },
  };
});
const tellUp = { type: 'tell', params: { to: 'jobs', event: { type: 'connectionUp' } } } as const;
const tellDown = { type: 'tell', params: { to: 'jobs', event: { type: 'connectionDown' } } } as const;

const lost = [
  { guard: 'mayRestart', target: 'backingOff', actions: backOff },
  { guard: 'isLoggedOut', target: 'loggedOut', actions: park },
  { guard: 'isCurrent', target: 'error', actions: park },
] as const;

const leave = {
  disconnect: { target: 'stopped', actions: close },
  logout: { target: 'loggedOut', actions: close },
} as const;

const enter = {
  connect: { target: 'connecting', actions: openAsWanted },
  pair: { target: 'connecting', actions: openAsWanted },
} as const;

const connecting = {
  ...leave,
  // Another number, or code instead of QR: the platform is asked anew.
  pair: { target: 'connecting', actions: openAsWanted, reenter: true },
  connectionOpened: { guard: 'isCurrent', target: 'online', actions: comeOnline },
  connectionLost: lost,
} as const;

export const instanceMachine = builder.createMachine({
  id: 'instance',
  context: { ...NOT_CONNECTED, wanted: false, account: null, error: null, restarts: NO_RESTARTS, pairWith: null },
  initial: 'stopped',
  states: {
    stopped: {
      on: { ...enter, logout: { target: 'loggedOut', actions: close } },
    },
    connecting: {
      on: {
        ...connecting,
        pairingRequired: { guard: 'isCurrent', target: 'pairing' },
        restored: { actions: open },
      },
    },
    pairing: { on: { ...connecting, restored: { target: 'connecting', actions: open } } },
    online: {
      entry: tellUp,
      exit: tellDown,
      on: {
        ...leave,
        // The library began a new session by itself: still online, but what came in between was missed.
        connectionOpened: { guard: 'isCurrent', actions: comeOnline },
        connectionInterrupted: { guard: 'isCurrent', target: 'connecting', actions: loseContinuity },
        connectionLost: lost,
        restored: { target: 'connecting', actions: open },
      },
    },
    backingOff: {
      on: {
        ...leave,
        ...enter,
        timerDue: { guard: 'isDue', target: 'connecting', actions: open },
      },
    },
    error: {
      on: {
        ...leave,
        ...enter,
        timerDue: { guard: 'isDue', target: 'connecting', actions: open },
      },
    },
    loggedOut: {
      on: {
        ...leave,
        ...enter,
      },
    },
  },
});

export type InstanceSnapshot = SnapshotFrom<typeof instanceMachine>;

export const instanceActor: ActorDefinition<typeof instanceMachine> = {
  id: 'instance',
  version: 2,
  machine: instanceMachine,
  context: InstanceContext,
  // Version 1 knew no pairing by code.
  migrate: (context) => ({ ...(context as object), pairWith: null }),
  deadline: (snapshot) => snapshot.context.retryAt,
};
