import { Chance } from '../simulators/discord/chance.ts';
import type { DiscordSimulator } from '../simulators/discord/discord-simulator.ts';
import { canReadHistory } from '../simulators/discord/world/access.ts';
import type { Channel } from '../simulators/discord/world/guild.ts';

/** How often a request of the service meets somebody who writes. */
const SHARE = 0.2;
const CHANGES_PER_OUTAGE = 5;

interface Posted {
  readonly channelId: string;
  readonly messageId: string;
}

/** People who go on writing, editing and deleting, whether the service lives or not. Follows from its seed. */
export class LiveTraffic {
  readonly #discord: DiscordSimulator;
  readonly #chance: Chance;
  readonly #channels: readonly Channel[];
  readonly #posted: Posted[] = [];
  #changes = 0;

  constructor(discord: DiscordSimulator, seed: number) {
    this.#discord = discord;
    this.#chance = new Chance(seed);
    const { bots } = discord.world;
    this.#channels = [...discord.world.channels()].filter((channel) =>
      bots.some((bot) => canReadHistory(bot, channel)),
    );
  }

  get changes(): number {
    return this.#changes;
  }

  /** Called with each request: sometimes somebody writes just then. */
  sometimes(): void {
    if (this.#chance.next() < SHARE) this.#change();
  }

  /** What happens while the service is dead. */
  duringOutage(): void {
    for (let change = 0; change < CHANGES_PER_OUTAGE; change++) this.#change();
  }

  #change(): void {
    this.#changes += 1;
    const kind = this.#chance.next();
    if (kind < 0.6 || this.#posted.length === 0) this.#post();
    else if (kind < 0.85) this.#edit();
    else this.#delete();
  }

  #post(): void {
    const channelId = this.#channels[this.#chance.below(this.#channels.length)]?.id;
    if (channelId === undefined) throw new Error('No bot can read any channel.');
    const messageId = this.#discord.world.postMessage(channelId, { content: `change ${this.#changes}` });
    this.#posted.push({ channelId, messageId });
  }

  #edit(): void {
    const { channelId, messageId } = this.#anyPosted();
    this.#discord.world.editMessage(channelId, messageId, `change ${this.#changes}`);
  }

  #delete(): void {
    const gone = this.#anyPosted();
    this.#posted.splice(this.#posted.indexOf(gone), 1);
    this.#discord.world.deleteMessage(gone.channelId, gone.messageId);
  }

  #anyPosted(): Posted {
    return this.#posted[this.#chance.below(this.#posted.length)] as Posted;
  }
}
