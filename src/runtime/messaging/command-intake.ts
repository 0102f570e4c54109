import { Effect } from 'effect';
import type { Metrics } from '../../domain/metrics.ts';
import { partitionOf } from '../partition.ts';
import type { CommandStore } from '../store/command-store.ts';
import type { CommandBus } from './command-bus.ts';
import type { Mailbox } from './mailbox.ts';

/** Commits each command, then gives it to the mailbox. A crash in between costs the sweeper's delay, nothing else. */
export const commandIntake = (
  store: CommandStore,
  mailbox: Mailbox,
  metrics: Metrics,
  now: () => number,
): CommandBus => {
  const carry = (accept: (at: number) => ReturnType<CommandStore['submit']>) =>
    Effect.gen(function* () {
      const letter = yield* accept(now());
      metrics.count('omni_commands_total', { type: letter.command.type });
      yield* mailbox.publish(letter, partitionOf(letter.instanceId));
      return letter;
    });
  return {
    submit: (instanceId, command, claim) => carry((at) => store.submit(instanceId, command, at, claim)),
    requeue: (deadLetterId) => carry((at) => store.requeue(deadLetterId, at)),
  };
};
