import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Letter } from '../../../src/domain/command.ts';
import { CommandId, InstanceId } from '../../../src/domain/ids.ts';
import { BegunCommands } from '../../../src/runtime/instance/begun-commands.ts';

const instanceId = InstanceId.make(randomUUID());
const letter = (seq: number): Letter => ({
  commandId: CommandId.make(randomUUID()),
  instanceId,
  seq,
  command: { type: 'disconnect' },
});

describe('whether the beginning of a command has to be counted', () => {
  it('it has not when nobody can have begun it', () => {
    const begun = new BegunCommands(false);
    begun.restored(3);
    expect([begun.mustCount(letter(4)), begun.mustCount(letter(5))]).toEqual([false, false]);
  });

  it('it has when a former owner may have died of it: of the open ones that is the first', () => {
    const begun = new BegunCommands(true);
    begun.restored(3);
    expect([begun.mustCount(letter(4)), begun.mustCount(letter(5))]).toEqual([true, false]);
  });

  it('it has each time that it begins again', () => {
    const begun = new BegunCommands(false);
    begun.restored(0);
    const first = letter(1);
    expect([begun.mustCount(first), begun.mustCount(first), begun.mustCount(first)]).toEqual([false, true, true]);
  });

  it('it has still after the instance was restored, and only for what was begun', () => {
    const begun = new BegunCommands(true);
    begun.restored(3);
    begun.mustCount(letter(4));
    const fifth = letter(5);
    begun.mustCount(fifth);
    begun.restored(4);
    expect([begun.mustCount(fifth), begun.mustCount(letter(6))]).toEqual([true, false]);
  });

  it('it has not when the database ended the attempt before, once', () => {
    const begun = new BegunCommands(true);
    begun.restored(0);
    const first = letter(1);
    begun.mustCount(first);
    begun.spare(first);
    expect([begun.mustCount(first), begun.mustCount(first)]).toEqual([false, true]);
  });
});
