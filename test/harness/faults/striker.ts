import process from 'node:process';
import type { Command } from '../../../src/domain/command.ts';
import type { Point, Strike } from './strike.ts';

interface Armed {
  readonly strike: Strike;
  visits: number;
}

const isOf = ({ channelId }: Strike, command: Command | null): boolean =>
  channelId === null || (command?.type === 'startSync' && command.config.channelId === channelId);

/** Strikes this very process where its plan says so. */
export class Striker {
  #armed: readonly Armed[] = [];

  arm(strike: Strike): void {
    this.#armed = [...this.#armed, { strike, visits: 0 }];
  }

  disarm(): void {
    this.#armed = [];
  }

  /** Called at each visit of a point. Does not return from a SIGKILL, and late from a SIGSTOP. */
  visit(point: Point, command: Command | null = null): 'fail' | 'throw' | null {
    for (const armed of this.#armed) {
      const { strike } = armed;
      if (strike.point !== point || !isOf(strike, command)) continue;
      armed.visits += 1;
      if (strike.nth !== null && strike.nth !== armed.visits) continue;
      if (strike.nth !== null) this.#armed = this.#armed.filter((other) => other !== armed);
      return this.#strike(strike);
    }
    return null;
  }

  #strike(strike: Strike): 'fail' | 'throw' | null {
    // A pipe is written to at once: whoever reads it learns of the blow even if it is the last thing that happens.
    process.stdout.write(`${JSON.stringify({ struck: strike })}\n`);
    if (strike.blow === 'kill' || strike.blow === 'freeze') {
      process.kill(process.pid, strike.blow === 'kill' ? 'SIGKILL' : 'SIGSTOP');
      return null;
    }
    return strike.blow;
  }
}
