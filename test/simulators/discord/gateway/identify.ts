import type { Bot } from '../world/bot.ts';
import type { World } from '../world/world.ts';
import { CLOSE, GUILDS_PER_SHARD, INTENT, KNOWN_INTENTS } from './protocol.ts';
import { Session, type Shard } from './session.ts';

/** A client that may have a session, if it has not started too many. */
export interface Accepted {
  readonly bot: Bot;
  readonly intents: number;
  readonly shard: Shard;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks an IDENTIFY in the order in which Discord does; `refused` is a close code. */
export const identify = (world: World, data: unknown): Accepted | { readonly refused: number } => {
  const token = isRecord(data) && isRecord(data['properties']) ? data['token'] : null;
  if (!isRecord(data) || typeof token !== 'string') return { refused: CLOSE.DecodeError };
  const bot = world.botOf(token.replace(/^Bot /, ''));
  if (bot === null) return { refused: CLOSE.AuthenticationFailed };
  const { intents } = data;
  if (typeof intents !== 'number' || !Number.isInteger(intents) || (intents & ~KNOWN_INTENTS) !== 0 || intents < 0) {
    return { refused: CLOSE.InvalidIntents };
  }
  if (!allowed(bot, intents)) return { refused: CLOSE.DisallowedIntents };
  const shard = shardOf(data['shard']);
  if (shard === null) return { refused: CLOSE.InvalidShard };
  const session = new Session('', bot, intents, shard);
  const guilds = world.guilds.filter((guild) => session.covers(guild)).length;
  return guilds > GUILDS_PER_SHARD ? { refused: CLOSE.ShardingRequired } : { bot, intents, shard };
};

const allowed = (bot: Bot, intents: number): boolean =>
  (['GuildMembers', 'GuildPresences', 'MessageContent'] as const).every(
    (name) => (intents & INTENT[name]) === 0 || bot.privileged.has(name),
  );

const shardOf = (given: unknown): Shard | null => {
  if (given === undefined) return { id: 0, count: 1 };
  if (!Array.isArray(given) || given.length !== 2) return null;
  const [id, count] = given as readonly unknown[];
  const valid =
    Number.isInteger(id) &&
    Number.isInteger(count) &&
    Number(count) >= 1 &&
    Number(id) >= 0 &&
    Number(id) < Number(count);
  return valid ? { id: Number(id), count: Number(count) } : null;
};

export interface Resume {
  readonly token: string;
  readonly sessionId: string;
  readonly seq: number;
}

export const parseResume = (data: unknown): Resume | null => {
  if (!isRecord(data)) return null;
  const { token, session_id: sessionId, seq } = data;
  const valid =
    typeof token === 'string' && typeof sessionId === 'string' && typeof seq === 'number' && Number.isInteger(seq);
  return valid ? { token, sessionId, seq } : null;
};
