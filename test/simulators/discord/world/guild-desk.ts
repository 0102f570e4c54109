import type { WorldBuilder } from './build-world.ts';
import type { Guild } from './guild.ts';
import type { Names } from './people.ts';
import type { Tell } from './world-event.ts';
import type { GuildPlan } from './world-plan.ts';

/** With `silent` a change happens while nobody listens: no gateway event tells of it. */
export interface Quietly {
  readonly silent?: boolean;
}

export interface GuildChange {
  readonly name?: string;
  readonly description?: string | null;
  /** A user id. */
  readonly ownerId?: string;
}

export interface ChannelChange {
  readonly name?: string;
  readonly topic?: string | null;
  readonly nsfw?: boolean;
}

export interface MemberChange {
  readonly nick?: string | null;
  readonly isAdmin?: boolean;
}

/** What may happen to guilds, and to people in them. */
export class GuildDesk {
  readonly #builder: WorldBuilder;
  readonly #now: () => number;
  readonly #tell: Tell;

  constructor(builder: WorldBuilder, now: () => number, tell: Tell) {
    this.#builder = builder;
    this.#now = now;
    this.#tell = tell;
  }

  /** Makes a guild, of which the bots that its plan does not leave out are members at once. */
  create(plan: GuildPlan, { silent }: Quietly = {}): Guild {
    const guild = this.#builder.guild(plan);
    this.#builder.guilds.push(guild);
    this.#tell({ type: 'guildCreated', guild }, silent);
    return guild;
  }

  change(guildId: string, { ownerId, ...change }: GuildChange, { silent }: Quietly = {}): void {
    const guild = this.named(guildId);
    Object.assign(guild, change);
    if (ownerId !== undefined) guild.owner = this.#builder.people.indexOf(ownerId);
    this.#tell({ type: 'guildUpdated', guild }, silent);
  }

  /** Deletes a guild with all that is in it. */
  delete(guildId: string, { silent }: Quietly = {}): void {
    const guild = this.named(guildId);
    this.#builder.guilds.splice(this.#builder.guilds.indexOf(guild), 1);
    this.#tell({ type: 'guildDeleted', guild }, silent);
  }

  /**
   * Discord has an outage of this guild, or with `undo` has mended it. What REST answers meanwhile is not documented:
   * it goes on.
   */
  takeDown(guildId: string, { undo = false }: { readonly undo?: boolean } = {}): void {
    const guild = this.named(guildId);
    if (undo) {
      guild.unavailable = false;
      this.#tell({ type: 'guildCreated', guild }, false);
      return;
    }
    this.#tell({ type: 'guildWentDown', guild }, false);
    guild.unavailable = true;
  }

  /** Somebody joins: who is said by id, or else the first of all people who is not there yet. Gives the user id. */
  join(guildId: string, userId: string | null, { silent }: Quietly = {}): string {
    const guild = this.named(guildId);
    const { people } = this.#builder;
    let index = userId === null ? 0 : people.indexOf(userId);
    if (userId === null) while (guild.membership.has(index)) index += 1;
    guild.membership.join(index);
    guild.changeFacts(index, { nick: null, isAdmin: false, joinedAt: this.#now() });
    this.#tell({ type: 'memberAdded', guild, user: people.at(index) }, silent);
    return people.at(index).id;
  }

  leave(guildId: string, userId: string, { silent }: Quietly = {}): void {
    const guild = this.named(guildId);
    const index = this.#memberOf(guild, userId);
    guild.membership.leave(index);
    this.#tell({ type: 'memberRemoved', guild, user: this.#builder.people.at(index) }, silent);
  }

  changeMember(guildId: string, userId: string, change: MemberChange, { silent }: Quietly = {}): void {
    const guild = this.named(guildId);
    const index = this.#memberOf(guild, userId);
    guild.changeFacts(index, change);
    this.#tell({ type: 'memberUpdated', guild, user: this.#builder.people.at(index) }, silent);
  }

  /** Somebody is called otherwise, everywhere. */
  rename(userId: string, names: Partial<Names>, { silent }: Quietly = {}): void {
    const { people, guilds } = this.#builder;
    const index = people.indexOf(userId);
    people.rename(index, names);
    for (const guild of guilds) {
      if (guild.membership.has(index)) this.#tell({ type: 'memberUpdated', guild, user: people.at(index) }, silent);
    }
  }

  /** The guild with this id, or else of this name. Throws when there is none. */
  named(idOrName: string): Guild {
    const { guilds } = this.#builder;
    const found = guilds.find(({ id }) => id === idOrName) ?? guilds.find(({ name }) => name === idOrName);
    if (found === undefined) throw new Error(`No guild ${idOrName}.`);
    return found;
  }

  #memberOf(guild: Guild, userId: string): number {
    const index = this.#builder.people.indexOf(userId);
    if (!guild.membership.has(index)) throw new Error(`${userId} is not in ${guild.name}.`);
    return index;
  }
}
