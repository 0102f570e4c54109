import { parseArgs } from 'node:util';
import type { SimulatorOptions } from './discord-simulator.ts';
import { defaultWorld } from './world/default-world.ts';

export const USAGE = `A simulated Discord: REST v10 and Gateway v10 on loopback.

Usage: node test/simulators/discord/main.ts [options]

  --port <n>                    0 picks a free one (default 0)
  --seed <n>                    the world, its ids and its faults follow from it (default 1)
  --messages <n>                messages in all, about (default 3000)
  --channels <n>                ordinary text channels besides the special ones (default 4)
  --members <n>                 members of the larger guild (default 1500)
  --rate-limits <on|off>        off never answers 429 by itself (default on)
  --latency-ms <n>              how late every REST answer is (default 0)
  --heartbeat-interval-ms <n>   what the gateway asks for (default 41250)
  --identify-interval-ms <n>    least time between two logins of a bot (default 5000)
  --until-stdin-closes          end with whoever started it
  --help

Prints one line of JSON when it is ready: {"ready":true,"apiUrl":…,"token":…,"port":…}.
Control: GET /_sim/stats, /_sim/requests, /_sim/channels, /_sim/faults;
GET /_sim/ground-truth, /_sim/deleted, /_sim/contacts, /_sim/groups, /_sim/members (NDJSON)
POST /_sim/messages {channelId, content} posts, with messageId edits; {channelId, messageIds} deletes; silent in each
POST /_sim/faults {fault, aim}, /_sim/gateway {fault, aim}, /_sim/faults/release {id}, /_sim/faults/clear
POST /_sim/gateway/drop, /_sim/token/revoke, /_sim/token/restore, /_sim/requests/clear
POST /_sim/channels/deny {channelId}, /_sim/channels/allow {channelId}, /_sim/channels/create {guildId, name, topic}
POST /_sim/channels/change {channelId, name, topic, nsfw}, /_sim/channels/delete {channelId}; a guildId may be a name
POST /_sim/guilds/change {guildId, name, description, ownerId}, /_sim/guilds/delete {guildId}, /_sim/guilds/down {guildId, undo}
POST /_sim/members/join {guildId, userId}, /_sim/members/leave {guildId, userId}, /_sim/members/change {guildId, userId, nick, isAdmin}
POST /_sim/users/rename {userId, username, globalName}; silent in each
`;

export class BadCommandLine extends Error {}

export interface CommandLine {
  readonly help: boolean;
  readonly untilStdinCloses: boolean;
  readonly options: SimulatorOptions;
}

const NUMBERS = [
  'port',
  'seed',
  'messages',
  'channels',
  'members',
  'latency-ms',
  'heartbeat-interval-ms',
  'identify-interval-ms',
] as const;

const OPTIONS = {
  ...(Object.fromEntries(NUMBERS.map((name) => [name, { type: 'string' }])) as Record<
    (typeof NUMBERS)[number],
    { readonly type: 'string' }
  >),
  'rate-limits': { type: 'string' },
  'until-stdin-closes': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Throws `BadCommandLine`, which names the option. `now` in ms. */
export const parseCommandLine = (args: readonly string[], now: number): CommandLine => {
  const values = read(args);
  const numberOf = (name: (typeof NUMBERS)[number], absent: number): number => {
    const text = values[name];
    if (text === undefined) return absent;
    if (!/^\d{1,9}$/.test(text)) throw new BadCommandLine(`--${name} must be a whole number, not "${text}".`);
    return Number(text);
  };
  const rateLimits = values['rate-limits'] ?? 'on';
  if (rateLimits !== 'on' && rateLimits !== 'off') throw new BadCommandLine('--rate-limits must be on or off.');
  const size = {
    messages: numberOf('messages', 3_000),
    channels: numberOf('channels', 4),
    members: numberOf('members', 1_500),
  };
  return {
    help: values.help === true,
    untilStdinCloses: values['until-stdin-closes'] === true,
    options: {
      port: numberOf('port', 0),
      seed: numberOf('seed', 1),
      world: defaultWorld(now, size),
      rateLimits: rateLimits === 'off' ? 'off' : {},
      latencyMs: numberOf('latency-ms', 0),
      heartbeatIntervalMs: numberOf('heartbeat-interval-ms', 41_250),
      identifyIntervalMs: numberOf('identify-interval-ms', 5_000),
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
