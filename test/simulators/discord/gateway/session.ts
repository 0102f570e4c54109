import { canView } from '../world/access.ts';
import type { Bot } from '../world/bot.ts';
import type { Channel, Guild } from '../world/guild.ts';
import type { MessageReader } from '../world/message.ts';
import { INTENT } from './protocol.ts';

export interface Shard {
  readonly id: number;
  readonly count: number;
}

/** Where a session's events go while a connection holds it. */
export interface Outlet {
  readonly deliver: (text: string) => void;
}

/** Events kept for a resume; a client that missed more must identify anew. */
const REMEMBERED = 10_000;

/** A client's subscription to events, which outlives its connections. */
export class Session {
  readonly id: string;
  readonly bot: Bot;
  readonly shard: Shard;
  outlet: Outlet | null = null;
  /** When its connection went away, ms. */
  detachedAt: number | null = null;
  readonly #intents: number;
  readonly #sent: string[] = [];
  #seq = 0;

  constructor(id: string, bot: Bot, intents: number, shard: Shard) {
    this.id = id;
    this.bot = bot;
    this.shard = shard;
    this.#intents = intents;
  }

  get seq(): number {
    return this.#seq;
  }

  wants(intent: number): boolean {
    return (this.#intents & intent) !== 0;
  }

  get reader(): MessageReader {
    return { userId: this.bot.id, readsContent: this.bot.readsContent && this.wants(INTENT.MessageContent) };
  }

  covers(guild: Guild): boolean {
    return (
      guild.has(this.bot) &&
      !guild.unavailable &&
      Number((BigInt(guild.id) >> 22n) % BigInt(this.shard.count)) === this.shard.id
    );
  }

  sees(channel: Channel): boolean {
    return this.covers(channel.guild) && canView(this.bot, channel);
  }

  /** Numbers an event, keeps it for a resume, and sends it if somebody listens. `data` is JSON. */
  dispatch(name: string, data: string): void {
    this.#seq += 1;
    const text = `{"t":"${name}","s":${this.#seq},"op":0,"d":${data}}`;
    this.#sent.push(text);
    if (this.#sent.length > REMEMBERED) this.#sent.shift();
    this.outlet?.deliver(text);
  }

  /** The events after `seq`, or null when they are no longer kept. */
  since(seq: number): readonly string[] | null {
    const missed = this.#seq - seq;
    if (missed > this.#sent.length) return null;
    return missed === 0 ? [] : this.#sent.slice(-missed);
  }
}
