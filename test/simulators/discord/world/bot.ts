import { Chance, mix } from '../chance.ts';
import { snowflake } from '../snowflake.ts';
import { type User, userJson } from './people.ts';
import type { BotPlan, PrivilegedIntent } from './world-plan.ts';

const CREATED_AT = Date.UTC(2021, 5, 1);

/** The flags by which an application under 100 guilds shows its privileged intents (the `_LIMITED` ones). */
const FLAG: Record<PrivilegedIntent, number> = {
  GuildPresences: 1 << 13,
  GuildMembers: 1 << 15,
  MessageContent: 1 << 19,
};

const PRIVILEGED = Object.keys(FLAG) as PrivilegedIntent[];

/** A bot and its application, which share one id. */
export class Bot {
  readonly user: User;
  readonly token: string;
  readonly guildNames: readonly string[] | null;
  readonly privileged: Set<PrivilegedIntent>;
  revoked = false;

  constructor(plan: BotPlan, index: number, seed: number) {
    const id = String(snowflake(CREATED_AT + index, 0));
    const chance = new Chance(mix(seed, index, 4));
    this.user = { id, name: plan.name, globalName: null, json: userJson(id, plan.name, null, true) };
    this.token = `${Buffer.from(id).toString('base64url')}.${chance.hex(6)}.${chance.hex(38)}`;
    this.guildNames = plan.guilds ?? null;
    this.privileged = new Set(plan.privileged ?? PRIVILEGED);
  }

  get id(): string {
    return this.user.id;
  }

  get readsContent(): boolean {
    return this.privileged.has('MessageContent');
  }

  /** https://discord.com/developers/docs/resources/application#application-object-application-flags */
  get applicationFlags(): number {
    return [...this.privileged].reduce((flags, intent) => flags | FLAG[intent], 0);
  }
}
