import { parseArgs } from 'node:util';
import type { SimulatorOptions } from './whatsapp-simulator.ts';
import { defaultWorld } from './world/default-world.ts';

export const USAGE = `A simulated WhatsApp: servers and the owner's phone on loopback.

Usage: node test/simulators/whatsapp/main.ts [options]

  --port <n>               0 picks a free one (default 0)
  --seed <n>               the world and its ids follow from it (default 1)
  --messages <n>           messages in all, about (default 1500)
  --chats <n>              ordinary direct chats besides the special ones (default 4)
  --state-dir <path>       keep devices, sessions, queues and edits there between two lives
  --push-pause-ms <n>      between two notifications of pushed history (default 0)
  --chunk-messages <n>     messages in a notification of pushed history (default 200)
  --bursts <on|off>        off never drops requests for history (default on)
  --until-stdin-closes     end with whoever started it
  --help

Prints one line of JSON when it is ready: {"ready":true,"socketUrl":…,"mediaUrl":…,"phoneNumber":…,"port":…}.
The control API under mediaUrl is described in test/simulators/whatsapp/README.md.
`;

export class BadCommandLine extends Error {}

export interface CommandLine {
  readonly help: boolean;
  readonly untilStdinCloses: boolean;
  readonly options: SimulatorOptions;
}

const NUMBERS = ['port', 'seed', 'messages', 'chats', 'push-pause-ms', 'chunk-messages'] as const;

const OPTIONS = {
  ...(Object.fromEntries(NUMBERS.map((name) => [name, { type: 'string' }])) as Record<
    (typeof NUMBERS)[number],
    { readonly type: 'string' }
  >),
  'state-dir': { type: 'string' },
  bursts: { type: 'string' },
  'until-stdin-closes': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Throws `BadCommandLine`, which names the option. */
export const parseCommandLine = (args: readonly string[]): CommandLine => {
  const values = read(args);
  const numberOf = (name: (typeof NUMBERS)[number], absent: number): number => {
    const text = values[name];
    if (text === undefined) return absent;
    if (!/^\d{1,9}$/.test(text)) throw new BadCommandLine(`--${name} must be a whole number, not "${text}".`);
    return Number(text);
  };
  const bursts = values.bursts ?? 'on';
  if (bursts !== 'on' && bursts !== 'off') throw new BadCommandLine('--bursts must be on or off.');
  const size = { messages: numberOf('messages', 1_500), chats: numberOf('chats', 4) };
  return {
    help: values.help === true,
    untilStdinCloses: values['until-stdin-closes'] === true,
    options: {
      port: numberOf('port', 0),
      seed: numberOf('seed', 1),
      world: (bornAt) => defaultWorld(bornAt, size),
      stateDir: values['state-dir'] ?? null,
      push: { pauseMs: numberOf('push-pause-ms', 0), chunkMessages: numberOf('chunk-messages', 200) },
      ...(bursts === 'off' ? { onDemand: { burst: null } } : {}),
    },
  };
};

const read = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new BadCommandLine(error instanceof Error ? error.message : String(error));
  }
};
